/* Little CMS: build profiles in memory and convert pixels between colour spaces.
 * args: seed pixels kind(0 rgb, 1 lab 16 bit, 2 float, 3 appearance) */
#include <lcms2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The date in a profile: without libc's, which reads the time zone from a file. */
struct tm *gmtime(const time_t *t) {
    static struct tm day;
    return gmtime_r(t, &day);
}

struct tm *gmtime_r(const time_t *restrict t, struct tm *restrict day) {
    memset(day, 0, sizeof *day);
    day->tm_year = 123, day->tm_mday = 14, day->tm_sec = *t % 60;
    return day;
}

int main(int argc, char **argv) {
    unsigned s = argc > 1 ? strtoul(argv[1], 0, 0) : 2;
    int n = argc > 2 ? atoi(argv[2]) : 2000, kind = argc > 3 ? atoi(argv[3]) : 0;
    cmsCIExyY white = {0.3127, 0.3290, 1};
    cmsCIExyYTRIPLE primaries = {{0.64, 0.33, 1}, {0.21, 0.71, 1}, {0.15, 0.06, 1}};
    cmsToneCurve *gamma = cmsBuildGamma(NULL, 2.2), *curves[3] = {gamma, gamma, gamma};
    cmsHPROFILE wide = cmsCreateRGBProfile(&white, &primaries, curves), srgb = cmsCreate_sRGBProfile();
    cmsHPROFILE lab = cmsCreateLab4Profile(NULL);
    if (!wide || !srgb || !lab)
        return 1;
    /* Through the file format and back, so that the reader works too. */
    cmsUInt32Number size = 0;
    cmsSaveProfileToMem(wide, NULL, &size);
    void *file = malloc(size);
    cmsSaveProfileToMem(wide, file, &size);
    cmsHPROFILE again = cmsOpenProfileFromMem(file, size);
    static const cmsUInt32Number from[] = {TYPE_RGB_8, TYPE_RGB_16, TYPE_RGB_FLT, TYPE_RGB_8};
    static const cmsUInt32Number to[] = {TYPE_RGB_8, TYPE_Lab_16, TYPE_RGB_FLT, TYPE_Lab_DBL};
    cmsHTRANSFORM way = cmsCreateTransform(again, from[kind], kind & 1 ? lab : srgb, to[kind],
        kind ? INTENT_RELATIVE_COLORIMETRIC : INTENT_PERCEPTUAL, kind == 2 ? 0 : cmsFLAGS_NOOPTIMIZE);
    if (!way)
        return 2;
    enum { WIDTH = 64 };
    union { unsigned char b[3 * WIDTH]; unsigned short h[3 * WIDTH]; float f[3 * WIDTH]; double d[3 * WIDTH]; } in, out;
    unsigned sum = 0;
    double total = 0;
    cmsHANDLE view = NULL;
    cmsViewingConditions cond = {{96.42, 100, 82.49}, 20, 200, AVG_SURROUND, 1.0};
    if (kind == 3)
        view = cmsCIECAM02Init(NULL, &cond);
    for (int row = 0; row < n / WIDTH; row++) {
        for (int i = 0; i < 3 * WIDTH; i++) {
            s = s * 1664525u + 1013904223u;
            if (kind == 2)
                in.f[i] = (s >> 8) / 16777216.0f;
            else if (kind == 1)
                in.h[i] = s >> 16;
            else
                in.b[i] = (s >> 26) + row * 3 + i;
        }
        cmsDoTransform(way, &in, &out, WIDTH);
        for (int i = 0; i < 3 * WIDTH; i += 3) {
            if (kind == 3) {
                cmsCIEXYZ xyz;
                cmsCIELab *p = (cmsCIELab *)(out.d + i), near = {p->L * 0.9, p->a + 2, p->b - 3};
                cmsJCh look;
                cmsLab2XYZ(NULL, &xyz, p);
                xyz.X *= 100, xyz.Y *= 100, xyz.Z *= 100;
                cmsCIECAM02Forward(view, &xyz, &look);
                total += cmsCIE2000DeltaE(p, &near, 1, 1, 1) + look.J + look.C;
            } else
                sum = sum * 31 + (kind == 2 ? (unsigned)(out.f[i] * 65535) : kind ? out.h[i] : out.b[i]);
        }
    }
    printf("checksum %08x %.6e\n", sum, total);
    return 0;
}
