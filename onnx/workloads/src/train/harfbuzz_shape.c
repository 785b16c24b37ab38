/* HarfBuzz: shape text of several scripts with a font whose measures are computed.
 * args: seed lines words */
#include <hb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static hb_bool_t glyph_of(hb_font_t *f, void *data, hb_codepoint_t c, hb_codepoint_t *g, void *user) {
    (void)f, (void)data, (void)user;
    *g = c % 1021 + 1;
    return c % 37 != 5;
}

static hb_position_t width_of(hb_font_t *f, void *data, hb_codepoint_t g, void *user) {
    (void)f, (void)data, (void)user;
    return 300 + g * 7 % 400;
}

int main(int argc, char **argv) {
    unsigned s = argc > 1 ? strtoul(argv[1], 0, 0) : 3, sum = 0;
    int lines = argc > 2 ? atoi(argv[2]) : 20, words = argc > 3 ? atoi(argv[3]) : 12;
    static const char *const word[][4] = {{"plain ", "caf\u00e9 ", "na\u00efve ", "office "},
        {"\u0645\u0631\u062d\u0628\u0627 ", "\u0643\u062a\u0627\u0628 ", "\u0634\u0645\u064e\u0633 ", "\u0644\u0627 "},
        {"\u05e9\u05c1\u05dc\u05d5\u05b9\u05dd ", "\u05e1\u05e4\u05e8 ", "\u05d9\u05d5\u05dd ", "\u05d0\u05b7 "},
        {"\u0928\u092e\u0938\u094d\u0924\u0947 ", "\u0915\u094d\u0937\u093f ", "\u0930\u094d\u0915 ", "\u0939\u093f "},
        {"\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 ", "\u0e19\u0e49\u0e33 ", "\u0e01\u0e34 ", "\u0e17\u0e35\u0e48 "},
        {"\ud55c\uad6d\uc5b4 ", "\u1112\u1161\u11ab ", "\u1100\u1161 ", "\uae00 "},
        {"\u1781\u17d2\u1798\u17c2\u179a ", "\u1797\u17b6 ", "\u179f\u17b6 ", "\u1780\u17be "},
        {"\u1019\u103c\u1014\u103a ", "\u1019\u102c ", "\u1005\u102c ", "\u1000\u1031 "}};
    hb_face_t *face = hb_face_create(hb_blob_get_empty(), 0);
    hb_font_t *font = hb_font_create(face);
    hb_font_funcs_t *funcs = hb_font_funcs_create();
    hb_font_funcs_set_nominal_glyph_func(funcs, glyph_of, NULL, NULL);
    hb_font_funcs_set_glyph_h_advance_func(funcs, width_of, NULL, NULL);
    hb_font_set_funcs(font, funcs, NULL, NULL);
    hb_font_set_scale(font, 1000, 1000);
    hb_buffer_t *buffer = hb_buffer_create();
    for (int l = 0; l < lines; l++) {
        hb_buffer_clear_contents(buffer);
        for (int w = 0; w < words; w++) {
            s ^= s << 13, s ^= s >> 17, s ^= s << 5;
            hb_buffer_add_utf8(buffer, word[l % 8][s % 4], -1, 0, -1);
        }
        hb_buffer_guess_segment_properties(buffer);
        hb_feature_t kern = {HB_TAG('k', 'e', 'r', 'n'), (unsigned)l % 2, 0, (unsigned)-1};
        hb_shape(font, buffer, &kern, 1);
        unsigned n;
        const hb_glyph_info_t *info = hb_buffer_get_glyph_infos(buffer, &n);
        const hb_glyph_position_t *at = hb_buffer_get_glyph_positions(buffer, &n);
        for (unsigned i = 0; i < n; i++)
            sum = sum * 31 + info[i].codepoint * 5 + info[i].cluster + at[i].x_advance + at[i].y_offset;
        char text[256];
        unsigned used;
        hb_buffer_serialize_glyphs(buffer, 0, n, text, sizeof text, &used, font,
            HB_BUFFER_SERIALIZE_FORMAT_TEXT, HB_BUFFER_SERIALIZE_FLAG_DEFAULT);
        for (unsigned i = 0; i < used; i++)
            sum = sum * 33 + (unsigned char)text[i];
    }
    printf("checksum %08x\n", sum);
    return 0;
}
