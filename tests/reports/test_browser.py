"""Pages in Debian's Chromium: no complaints in the console, no requests, and solids that turn when they are dragged.

`GEOMSUP_BROWSER=required` makes a missing browser a failure.
"""

import json
import os
import shutil
import time
from importlib.util import find_spec

import numpy as np
import pytest

import geomsup as gs
from tests.reports.conftest import DIGON, TETRAHEDRON, polygon, tegum

pytestmark = pytest.mark.slow

FLAGS = ("--headless=new", "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
         "--window-size=1280,1000")  # fmt: skip
PATIENCE = 60  # seconds until a view must be there: software draws it


def missing():
    """Return what is to be installed, or None."""
    if find_spec("selenium") is None:
        return "selenium (pip install selenium)"
    programs = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    return f"{' and '.join(programs)} (apt-get install chromium chromium-driver)" if programs else None


@pytest.fixture(scope="module")
def browser():
    if (what := missing()) is not None:  # most machines of contributors have no browser with a driver
        refuse = pytest.fail if os.environ.get("GEOMSUP_BROWSER") == "required" else pytest.skip
        refuse(f"needs {what}")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Return a function that saves a page and returns its address."""
    folder = tmp_path_factory.mktemp("pages")

    def save(name, page):
        page.save(folder / name)
        return (folder / name).as_uri()

    return save


def opened(browser, address, dark=False):
    """Open a page, scroll through it, and check what the browser has to say."""
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    for log in ("browser", "performance"):
        browser.get_log(log)
    browser.get(address)
    height = browser.execute_script("return document.documentElement.scrollHeight")
    for top in range(0, height, 700):
        browser.execute_script("window.scrollTo(0, arguments[0])", top)
        time.sleep(0.2)
    errors = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert errors == []
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    assert [url for url in asked if not url.startswith(("data:", "blob:")) and url != address] == []
    assert address in asked


def camera(browser, view):
    """Return where the camera of a view is; None as long as it is not drawn."""
    return browser.execute_script(
        "const view = document.getElementById(arguments[0]);"
        "const scene = view._fullLayout && view._fullLayout.scene && view._fullLayout.scene._scene;"
        "return scene && scene.glplot ? scene.getCamera().eye : null;",
        view,
    )


def waited_for(browser, view):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if (eye := camera(browser, view)) is not None:
            return eye
        time.sleep(0.2)
    raise AssertionError(f"{view} was not drawn within {PATIENCE} s")


def dragged(browser, view):
    """Drag a view to the right; return where its camera was and is."""
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.by import By

    element = browser.find_element(By.ID, view)
    browser.execute_script("arguments[0].parentElement.scrollIntoView({block: 'center'})", element)
    before = waited_for(browser, view)
    time.sleep(1)
    chain = ActionChains(browser).move_to_element(element).click_and_hold()
    for _ in range(5):
        chain = chain.move_by_offset(12, 4)
    chain.release().perform()
    time.sleep(1)
    return before, camera(browser, view)


def distance(one, other):
    return float(np.linalg.norm([one[axis] - other[axis] for axis in "xyz"]))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_model_of_200_features_in_20_dimensions(browser, pages, dark):
    """As trained ones are: many digons and solids, and features that are dropped."""
    rng = np.random.default_rng(3)
    blocks = [TETRAHEDRON] * 2 + [gs.polytope("square antiprism").vertices, polygon(5), polygon(3)] + [DIGON] * 7
    n = sum(map(len, blocks))
    W = np.vstack([tegum(blocks, 20, rng, noise=0.01), 1e-3 * rng.normal(size=(200 - n, 20))])
    address = pages(f"trained-{dark}.html", gs.report(W))
    opened(browser, address, dark)
    before, after = dragged(browser, "p1-m1-v1")
    assert distance(before, after) > 0.1


def test_2_21(browser, pages):
    opened(browser, pages("2_21.html", gs.report(gs.polytope("2_21").vertices)))


def test_a_dictionary(browser, pages, dictionary):
    opened(browser, pages("dictionary.html", gs.report(dictionary)))


def test_diagrams_to_zoom_into(browser, pages):
    """The wheel over a diagram shows less of it."""
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.actions.wheel_input import ScrollOrigin
    from selenium.webdriver.common.by import By

    ranges = "return document.querySelector('.js-plotly-plot')._fullLayout.xaxis.range"
    for name, page in (
        ("phases", gs.phase_diagram(2, 1, np.geomspace(0.1, 1, 4), np.geomspace(0.5, 2, 3)).page()),
        ("blocks", gs.plateaus([0.5, 0.3, 0.2], largest_rank=1).page()),
    ):
        opened(browser, pages(f"{name}.html", page))
        before = browser.execute_script(ranges)
        middle = ScrollOrigin.from_element(browser.find_element(By.CSS_SELECTOR, ".js-plotly-plot"))
        ActionChains(browser).scroll_from_origin(middle, 0, -300).perform()
        time.sleep(1)
        after = browser.execute_script(ranges)
        assert after[1] - after[0] < before[1] - before[0]


def test_more_solids_than_a_browser_has_room_for(browser, pages, tmp_path):
    """Of 24 solids those in sight are alive; they come back, turned as they were."""
    for k in range(24):
        np.save(tmp_path / f"{k:02}.npy", gs.polytope("cube").vertices)
    opened(browser, pages("folder.html", gs.report(tmp_path)))
    assert browser.execute_script("return document.querySelectorAll('.view.live').length") < 12
    before, after = dragged(browser, "p1-m1-v1")
    assert distance(before, after) > 0.1
    browser.execute_script("window.scrollTo(0, document.documentElement.scrollHeight)")
    time.sleep(2)
    assert camera(browser, "p1-m1-v1") is None
    browser.execute_script("document.querySelector('[data-view=\"p1-m1-v1\"]').scrollIntoView({block: 'center'})")
    assert distance(waited_for(browser, "p1-m1-v1"), after) < 0.01
