/* FreeType: draw outlines made here as grey and black pixels, bend, embolden and
 * stroke them, and read a bitmap font that is written here as BDF text.
 * args: seed glyphs size */
#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_OUTLINE_H
#include FT_STROKER_H
#include FT_BBOX_H
#include FT_TRIGONOMETRY_H
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned s, sum;

static unsigned rnd(unsigned n) {
    s ^= s << 13, s ^= s >> 17, s ^= s << 5;
    return s % n;
}

static void draw(FT_Library lib, FT_Outline *outline, int size, int grey) {
    FT_Bitmap map = {.rows = size, .width = size, .pitch = grey ? size : (size + 7) / 8};
    map.num_grays = 256;
    map.pixel_mode = grey ? FT_PIXEL_MODE_GRAY : FT_PIXEL_MODE_MONO;
    map.buffer = calloc(map.pitch, size);
    if (FT_Outline_Get_Bitmap(lib, outline, &map))
        exit(1);
    for (int i = 0; i < map.pitch * size; i++)
        sum = sum * 31 + map.buffer[i];
    free(map.buffer);
}

/* A ring of curves, wavy outside, round inside. */
static void shape(FT_Outline *o, int points, int size) {
    FT_Pos middle = size * 32;
    for (int c = 0, at = 0; c < 2; c++) {
        for (int k = 0; k < points; k++, at++) {
            FT_Vector v;
            FT_Angle turn = (c ? -1 : 1) * k * FT_ANGLE_2PI / points;
            FT_Vector_From_Polar(&v, middle * (c ? 40 : 60 + rnd(36)) / 100, turn);
            o->points[at].x = v.x + middle, o->points[at].y = v.y + middle;
            o->tags[at] = k % 2 ? FT_CURVE_TAG_CONIC : FT_CURVE_TAG_ON;
        }
        o->contours[c] = at - 1;
    }
}

static void bitmap_font(FT_Library lib, int glyphs) {
    char *text = malloc(glyphs * 220 + 512), *end = text;
    end += sprintf(end, "STARTFONT 2.1\nFONT -a-b-medium-r-normal--12-120-75-75-c-80-iso10646-1\n"
        "SIZE 12 75 75\nFONTBOUNDINGBOX 8 12 0 -2\nSTARTPROPERTIES 4\nFONT_ASCENT 10\nFONT_DESCENT 2\n"
        "CHARSET_REGISTRY \"ISO10646\"\nCHARSET_ENCODING \"1\"\n"
        "ENDPROPERTIES\nCHARS %d\n", glyphs);
    for (int g = 0; g < glyphs; g++) {
        end += sprintf(end, "STARTCHAR c%d\nENCODING %d\nSWIDTH 480 0\nDWIDTH 8 0\nBBX 8 12 0 -2\nBITMAP\n",
            g, 33 + g);
        for (int row = 0; row < 12; row++)
            end += sprintf(end, "%02X\n", rnd(256));
        end += sprintf(end, "ENDCHAR\n");
    }
    end += sprintf(end, "ENDFONT\n");
    FT_Face face;
    if (FT_New_Memory_Face(lib, (FT_Byte *)text, end - text, 0, &face) || FT_Select_Size(face, 0))
        exit(2);
    for (int g = 0; g < glyphs * 2; g++) {
        if (FT_Load_Char(face, 33 + rnd(glyphs), FT_LOAD_RENDER))
            exit(3);
        for (unsigned i = 0; i < face->glyph->bitmap.rows * abs(face->glyph->bitmap.pitch); i++)
            sum = sum * 31 + face->glyph->bitmap.buffer[i];
    }
    FT_Done_Face(face);
    free(text);
}

int main(int argc, char **argv) {
    s = argc > 1 ? strtoul(argv[1], 0, 0) : 6;
    int glyphs = argc > 2 ? atoi(argv[2]) : 20, size = argc > 3 ? atoi(argv[3]) : 32;
    FT_Library lib;
    FT_Stroker pen;
    if (FT_Init_FreeType(&lib) || FT_Stroker_New(lib, &pen))
        return 1;
    for (int g = 0; g < glyphs; g++) {
        FT_Outline o, line;
        FT_BBox box;
        FT_UInt points, contours;
        int n = 8 + 2 * rnd(12);
        FT_Outline_New(lib, 2 * n, 2, &o);
        shape(&o, n, size);
        FT_Matrix bend = {0x10000, (FT_Fixed)rnd(0x4000), 0, 0x10000 - (FT_Fixed)rnd(0x2000)};
        FT_Outline_Transform(&o, &bend);
        if (g % 3 == 0)
            FT_Outline_Embolden(&o, 40);
        FT_Outline_Get_BBox(&o, &box);
        sum += box.xMax * 3 + box.yMin;
        draw(lib, &o, size, g % 4 != 3);
        if (g % 2) {
            FT_Stroker_Set(pen, 60 + rnd(80), rnd(3), rnd(3), 0x20000);
            FT_Stroker_ParseOutline(pen, &o, 0);
            FT_Stroker_GetCounts(pen, &points, &contours);
            FT_Outline_New(lib, points, contours, &line);
            line.n_points = line.n_contours = 0;
            FT_Stroker_Export(pen, &line);
            draw(lib, &line, size, 1);
            FT_Outline_Done(lib, &line);
        }
        FT_Outline_Done(lib, &o);
    }
    bitmap_font(lib, 20 + glyphs);
    printf("checksum %08x\n", sum);
    return 0;
}
