// Solids that can be turned. A view is made when it comes into sight and taken away when it leaves: browsers allow
// about sixteen pictures with depth at a time. The camera is kept.
(function () {
  "use strict";
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const cameras = new Map();
  const alive = new Set();

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  function column(points, axis) {
    return points.map((point) => point[axis]);
  }

  function spots(points, marker, more) {
    return Object.assign({
      type: "scatter3d", mode: "markers", hoverinfo: "skip", showlegend: false,
      x: column(points, 0), y: column(points, 1), z: column(points, 2), marker: marker,
    }, more);
  }

  function traces(data) {
    const own = colour("--c" + data.colour);
    const ends = [[], [], []];
    for (const [i, j] of data.edges) {
      for (let axis = 0; axis < 3; axis += 1) {
        ends[axis].push(data.corners[i][axis], data.corners[j][axis], null);
      }
    }
    const made = [{
      type: "scatter3d", mode: "lines", hoverinfo: "skip", showlegend: false,
      x: ends[0], y: ends[1], z: ends[2], line: { color: own, width: 4 },
    }];
    if (data.faces.length) {
      made.push({
        type: "mesh3d", hoverinfo: "skip", opacity: 0.12, color: own,
        x: column(data.corners, 0), y: column(data.corners, 1), z: column(data.corners, 2),
        i: column(data.faces, 0), j: column(data.faces, 1), k: column(data.faces, 2),
      });
    }
    if (data.fitted) {
      made.push(spots(data.corners, { size: 9, symbol: "circle-open", color: own }));
    }
    made.push(spots(data.rows, { size: 4, color: own }));
    if (data.labels.length) {
      const places = data.labels.map(([text, place]) => data.corners[place].map((value) => 1.16 * value));
      made.push(spots(places, {}, {
        mode: "text", text: data.labels.map(([text]) => text), textfont: { size: 13, color: colour("--ink") },
      }));
    }
    return made;
  }

  function layout(data, id) {
    const hidden = { visible: false, showspikes: false };
    const [x, y, z] = data.eye;
    return {
      margin: { l: 0, r: 0, t: 0, b: 0 }, paper_bgcolor: "rgba(0,0,0,0)", showlegend: false, hovermode: false,
      font: { color: colour("--ink") },
      scene: {
        xaxis: hidden, yaxis: hidden, zaxis: hidden, aspectmode: "data", dragmode: "orbit",
        camera: cameras.get(id) || { eye: { x: x, y: y, z: z } },
      },
    };
  }

  function show(view) {
    const id = view.dataset.view;
    if (alive.has(id)) return;
    const data = JSON.parse(document.getElementById(id + "-data").textContent);
    view.classList.add("live");
    alive.add(id);
    const target = document.getElementById(id);
    const options = { displayModeBar: false, responsive: true, scrollZoom: false };
    Plotly.newPlot(target, traces(data), layout(data, id), options).catch(() => hide(view));
  }

  function hide(view) {
    const id = view.dataset.view;
    if (!alive.has(id)) return;
    const target = document.getElementById(id);
    if (target.layout && target.layout.scene && target.layout.scene.camera) {
      cameras.set(id, target.layout.scene.camera);
    }
    Plotly.purge(target);
    alive.delete(id);
    view.classList.remove("live");
  }

  function depth() {
    const canvas = document.createElement("canvas");
    return Boolean(canvas.getContext("webgl2") || canvas.getContext("webgl"));
  }

  const views = Array.from(document.querySelectorAll("[data-view]"));
  if (!views.length || !depth()) return;
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) (entry.isIntersecting ? show : hide)(entry.target);
  });
  views.forEach((view) => watcher.observe(view));
  dark.addEventListener("change", () => {
    for (const view of views) {
      if (alive.has(view.dataset.view)) { hide(view); show(view); }
    }
  });
})();
