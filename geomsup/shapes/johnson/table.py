"""Names of the Johnson solids, with their numbers of vertices and faces and the orders of their groups."""

from typing import NamedTuple

__all__ = ["OTHERS", "TABLE", "Entry"]

# Johnson's number, name, vertices, faces, isometries. "Regular-faced" is added to a name where a shape of the same
# type with free parameters has it: there it is not Johnson's.
_TEXT = """
1 regular-faced square pyramid 5 5 8; 2 regular-faced pentagonal pyramid 6 6 10; 3 triangular cupola 9 8 6;
4 square cupola 12 10 8; 5 pentagonal cupola 15 12 10; 6 pentagonal rotunda 20 17 10;
7 regular-faced elongated triangular pyramid 7 7 6; 8 regular-faced elongated square pyramid 9 9 8;
9 regular-faced elongated pentagonal pyramid 11 11 10; 10 regular-faced gyroelongated square pyramid 9 13 8;
11 regular-faced gyroelongated pentagonal pyramid 11 16 10; 12 triangular bipyramid 5 6 12;
13 pentagonal bipyramid 7 10 20; 14 regular-faced elongated triangular bipyramid 8 9 12;
15 regular-faced elongated square bipyramid 10 12 16; 16 regular-faced elongated pentagonal bipyramid 12 15 20;
17 regular-faced gyroelongated square bipyramid 10 16 16; 18 elongated triangular cupola 15 14 6;
19 elongated square cupola 20 18 8; 20 elongated pentagonal cupola 25 22 10; 21 elongated pentagonal rotunda 30 27 10;
22 gyroelongated triangular cupola 15 20 6; 23 gyroelongated square cupola 20 26 8;
24 gyroelongated pentagonal cupola 25 32 10; 25 gyroelongated pentagonal rotunda 30 37 10; 26 gyrobifastigium 8 8 8;
28 square orthobicupola 16 18 16; 29 square gyrobicupola 16 18 16; 30 pentagonal orthobicupola 20 22 20;
31 pentagonal gyrobicupola 20 22 20; 32 pentagonal orthocupolarotunda 25 27 10;
33 pentagonal gyrocupolarotunda 25 27 10; 35 elongated triangular orthobicupola 18 20 12;
36 elongated triangular gyrobicupola 18 20 12; 38 elongated pentagonal orthobicupola 30 32 20;
39 elongated pentagonal gyrobicupola 30 32 20; 40 elongated pentagonal orthocupolarotunda 35 37 10;
41 elongated pentagonal gyrocupolarotunda 35 37 10; 42 elongated pentagonal orthobirotunda 40 42 20;
43 elongated pentagonal gyrobirotunda 40 42 20; 44 gyroelongated triangular bicupola 18 26 6;
45 gyroelongated square bicupola 24 34 8; 46 gyroelongated pentagonal bicupola 30 42 10;
47 gyroelongated pentagonal cupolarotunda 35 47 5; 48 gyroelongated pentagonal birotunda 40 52 10;
49 augmented triangular prism 7 8 4; 50 biaugmented triangular prism 8 11 4;
51 regular-faced triaugmented triangular prism 9 14 12; 52 augmented pentagonal prism 11 10 4;
53 biaugmented pentagonal prism 12 13 4; 54 augmented hexagonal prism 13 11 4;
55 parabiaugmented hexagonal prism 14 14 8; 56 metabiaugmented hexagonal prism 14 14 4;
57 triaugmented hexagonal prism 15 17 12; 58 augmented dodecahedron 21 16 10;
59 parabiaugmented dodecahedron 22 20 20; 60 metabiaugmented dodecahedron 22 20 4;
61 triaugmented dodecahedron 23 24 6; 62 metabidiminished icosahedron 10 12 4; 63 tridiminished icosahedron 9 8 6;
64 augmented tridiminished icosahedron 10 10 6; 65 augmented truncated tetrahedron 15 14 6;
66 augmented truncated cube 28 22 8; 67 biaugmented truncated cube 32 30 16;
68 augmented truncated dodecahedron 65 42 10; 69 parabiaugmented truncated dodecahedron 70 52 20;
70 metabiaugmented truncated dodecahedron 70 52 4; 71 triaugmented truncated dodecahedron 75 62 6;
76 diminished rhombicosidodecahedron 55 52 10; 77 paragyrate diminished rhombicosidodecahedron 55 52 10;
78 metagyrate diminished rhombicosidodecahedron 55 52 2; 79 bigyrate diminished rhombicosidodecahedron 55 52 2;
81 metabidiminished rhombicosidodecahedron 50 42 4; 82 gyrate bidiminished rhombicosidodecahedron 50 42 2;
83 tridiminished rhombicosidodecahedron 45 32 6; 84 regular-faced snub disphenoid 8 12 8;
85 snub square antiprism 16 26 16; 86 sphenocorona 10 14 4; 87 augmented sphenocorona 11 17 2;
88 sphenomegacorona 12 18 4; 89 hebesphenomegacorona 14 21 4; 90 disphenocingulum 16 24 8; 91 bilunabirotunda 14 14 8;
92 triangular hebesphenorotunda 18 20 6
"""

# Other names in use, by Johnson's number.
OTHERS = {
    26: ("digonal gyrobicupola",),
    84: ("siamese dodecahedron",),
}


class Entry(NamedTuple):
    """A line of the table.

    Attributes
    ----------
    name
        Johnson's name, in lower case.
    vertices, faces
        How many there are.
    order
        Number of isometries, reflections included.
    """

    name: str
    vertices: int
    faces: int
    order: int


def _read(text: str) -> tuple[int, Entry]:
    number, *words, vertices, faces, order = text.split()
    return int(number), Entry(" ".join(words), int(vertices), int(faces), int(order))


# Johnson's number -> its line, but for the eight of inscribed.py.
TABLE: dict[int, Entry] = dict(map(_read, _TEXT.split(";")))
