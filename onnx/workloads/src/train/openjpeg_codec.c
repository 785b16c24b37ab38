/* OpenJPEG: encode a generated picture to JPEG 2000 in memory and decode it.
 * args: width height rate(0 lossless, else compression) levels */
#include <openjpeg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct memory {
    unsigned char *bytes;
    size_t size, at, room;
};

static OPJ_SIZE_T put(void *from, OPJ_SIZE_T n, void *user) {
    struct memory *m = user;
    if (m->at + n > m->room)
        return (OPJ_SIZE_T)-1;
    memcpy(m->bytes + m->at, from, n);
    m->at += n;
    if (m->at > m->size)
        m->size = m->at;
    return n;
}

static OPJ_SIZE_T get(void *to, OPJ_SIZE_T n, void *user) {
    struct memory *m = user;
    size_t left = m->size - m->at;
    if (!left)
        return (OPJ_SIZE_T)-1;
    n = n < left ? n : left;
    memcpy(to, m->bytes + m->at, n);
    m->at += n;
    return n;
}

static OPJ_OFF_T skip(OPJ_OFF_T n, void *user) {
    ((struct memory *)user)->at += n;
    return n;
}

static OPJ_BOOL seek(OPJ_OFF_T at, void *user) {
    ((struct memory *)user)->at = at;
    return OPJ_TRUE;
}

static opj_stream_t *stream(struct memory *m, int input) {
    opj_stream_t *s = opj_stream_create(16384, input);
    m->at = 0;
    opj_stream_set_user_data(s, m, NULL);
    opj_stream_set_user_data_length(s, input ? m->size : 0);
    opj_stream_set_read_function(s, get);
    opj_stream_set_write_function(s, put);
    opj_stream_set_skip_function(s, skip);
    opj_stream_set_seek_function(s, seek);
    return s;
}

int main(int argc, char **argv) {
    int w = argc > 1 ? atoi(argv[1]) : 48, h = argc > 2 ? atoi(argv[2]) : 48;
    int rate = argc > 3 ? atoi(argv[3]) : 0;
    opj_cparameters_t how;
    opj_set_default_encoder_parameters(&how);
    how.tcp_numlayers = 1, how.cp_disto_alloc = 1;
    how.tcp_rates[0] = rate;
    how.irreversible = rate > 0;
    how.numresolution = argc > 4 ? atoi(argv[4]) : 4;
    how.tcp_mct = 1;
    opj_image_cmptparm_t part[3];
    memset(part, 0, sizeof part);
    for (int c = 0; c < 3; c++)
        part[c].dx = part[c].dy = 1, part[c].w = w, part[c].h = h, part[c].prec = 8;
    opj_image_t *image = opj_image_create(3, part, OPJ_CLRSPC_SRGB), *back = NULL;
    image->x1 = w, image->y1 = h;
    unsigned s = 21, sum = 0;
    for (int i = 0; i < w * h; i++) {
        int x = i % w, y = i / w;
        s = s * 1664525u + 1013904223u;
        image->comps[0].data[i] = (x * 5 + y * 3) & 255;
        image->comps[1].data[i] = ((x - w / 2) * (x - w / 2) + (y - h / 2) * (y - h / 2)) / 9 & 255;
        image->comps[2].data[i] = (x / 8 + y / 8) % 2 ? 200 : 40 + (s >> 28);
    }
    struct memory m = {malloc(w * h * 12 + 65536), 0, 0, (size_t)w * h * 12 + 65536};
    opj_codec_t *codec = opj_create_compress(OPJ_CODEC_JP2);
    opj_stream_t *out = stream(&m, 0);
    if (!opj_setup_encoder(codec, &how, image) || !opj_start_compress(codec, image, out) ||
        !opj_encode(codec, out) || !opj_end_compress(codec, out))
        return 1;
    opj_stream_destroy(out);
    opj_destroy_codec(codec);
    opj_dparameters_t undo;
    opj_set_default_decoder_parameters(&undo);
    codec = opj_create_decompress(OPJ_CODEC_JP2);
    opj_stream_t *in = stream(&m, 1);
    if (!opj_setup_decoder(codec, &undo) || !opj_read_header(in, codec, &back) ||
        !opj_decode(codec, in, back))
        return 2;
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < w * h; i++)
            sum = sum * 31 + back->comps[c].data[i];
    printf("checksum %08x %zu\n", sum, m.size);
    return 0;
}
