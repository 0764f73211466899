"""Bowers acronyms, by name; from the project's table of uniform polytopes and, in 4 dimensions, Klitzing's lists."""

__all__ = ["ACRONYMS"]

_TEXT = """
tet tetrahedron; tut truncated tetrahedron; oct octahedron; co cuboctahedron; tic truncated cube;
toe truncated octahedron; sirco rhombicuboctahedron; girco truncated cuboctahedron; doe dodecahedron;
ike icosahedron; id icosidodecahedron; tid truncated dodecahedron; ti truncated icosahedron;
srid rhombicosidodecahedron; grid truncated icosidodecahedron; snic snub cube; snid snub dodecahedron;
trip triangular prism; pip pentagonal prism; hip hexagonal prism; hep heptagonal prism; op octagonal prism;
ep nonagonal prism; dip decagonal prism; squap square antiprism; pap pentagonal antiprism;
hap hexagonal antiprism; heap heptagonal antiprism; oap octagonal antiprism; eap nonagonal antiprism;
dap decagonal antiprism;
pen 5-cell; rap rectified 5-cell; tip truncated 5-cell; deca bitruncated 5-cell; srip cantellated 5-cell;
grip cantitruncated 5-cell; spid runcinated 5-cell; prip runcitruncated 5-cell; gippid omnitruncated 5-cell;
tes tesseract; hex 16-cell; rit rectified tesseract; tat truncated tesseract; thex truncated 16-cell;
tah bitruncated tesseract; srit cantellated tesseract; grit cantitruncated tesseract; sidpith runcinated tesseract;
proh runcitruncated tesseract; prit runcitruncated 16-cell; gidpith omnitruncated tesseract;
ico 24-cell; rico rectified 24-cell; tico truncated 24-cell; cont bitruncated 24-cell; srico cantellated 24-cell;
grico cantitruncated 24-cell; spic runcinated 24-cell; prico runcitruncated 24-cell; gippic omnitruncated 24-cell;
sadi snub 24-cell; hi 120-cell; ex 600-cell; rahi rectified 120-cell; rox rectified 600-cell; thi truncated 120-cell;
tex truncated 600-cell; xhi bitruncated 120-cell; srahi cantellated 120-cell; srix cantellated 600-cell;
grahi cantitruncated 120-cell; grix cantitruncated 600-cell; sidpixhi runcinated 120-cell;
prix runcitruncated 120-cell; prahi runcitruncated 600-cell; gidpixhi omnitruncated 120-cell; gap grand antiprism;
hix 5-simplex; pent 5-cube; tac 5-orthoplex; hin 5-demicube; hop 6-simplex; ax 6-cube; gee 6-orthoplex;
hax 6-demicube; jak 2_21; mo 1_22; oca 7-simplex; hept 7-cube; zee 7-orthoplex; hesa 7-demicube; naq 3_21; laq 2_31;
lin 1_32; ene 8-simplex; octo 8-cube; ek 8-orthoplex; hocto 8-demicube; fy 4_21; bay 2_41; bif 1_42
"""

# Name of the shape -> its acronym.
ACRONYMS: dict[str, str] = {
    name: acronym for acronym, name in (entry.strip().split(" ", 1) for entry in " ".join(_TEXT.split()).split(";"))
}
