/* Makes the examples' input in a folder: a year of daily temperature (air.h5, where the build has HDF5, and t2m.npy) and wind
 * (u.npy, v.npy) on a small globe. Every engine computes and writes its own part.
 *
 *     make_input FOLDER */
#include <distarray/distarray.h>
#include <math.h>
#include <stdio.h>

enum { NDAYS = 365, NLATS = 36, NLONS = 72 };

/* A number in [-1, 1) that depends on its position only, whichever engine asks. */
static double noise(int64_t day, int64_t lat, int64_t lon, uint64_t seed)
{
    uint64_t h = (uint64_t)((day * NLATS + lat) * NLONS + lon) + seed * 0x9e3779b97f4a7c15u;
    h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9u;
    h = (h ^ h >> 27) * 0x94d049bb133111ebu;
    return (double)((h ^ h >> 31) >> 11) / 4503599627370496.0 - 1.0;
}

static double season(int64_t day)
{
    return cos(6.283185307179586 * (double)(day - 196) / NDAYS);
}

static double latitude(int64_t lat)
{
    return 1.5707963267948966 * (2.0 * ((double)lat + 0.5) / NLATS - 1.0);
}

/* 2 m temperature in kelvin. */
static void fill_t2m(int ndim, const int64_t *index, int64_t step, int64_t count, void *out,
                     const void *data)
{
    (void)ndim, (void)data;
    float *t = out;
    for (int64_t k = 0; k < count; k++) {
        double phi = latitude(index[1]);
        int64_t lon = index[2] + k * step;
        t[k] = (float)(300.0 - 40.0 * sin(phi) * sin(phi) + 12.0 * sin(phi) * season(index[0]) +
                       3.0 * noise(index[0], index[1], lon, 1));
    }
}

/* Wind in m/s; `data` is 0 for the eastward component, 1 for the northward one. */
static void fill_wind(int ndim, const int64_t *index, int64_t step, int64_t count, void *out,
                      const void *data)
{
    (void)ndim;
    int northward = *(const int *)data;
    float *w = out;
    for (int64_t k = 0; k < count; k++) {
        double phi = latitude(index[1]);
        int64_t lon = index[2] + k * step;
        double mean =
            northward ? 2.0 * sin(2.0 * phi) : 15.0 * sin(2.0 * phi) * sin(2.0 * phi) - 5.0;
        w[k] = (float)(mean * (1.0 - 0.3 * season(index[0])) +
                       6.0 * noise(index[0], index[1], lon, 2 + (uint64_t)northward));
    }
}

static da_array *save(da_array *a, const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return da_save(a, path);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: make_input FOLDER\n");
        return 2;
    }
    da_context *ctx = da_init(&argc, &argv);
    int eastward = 0, northward = 1;
    da_extents shape = DA_SHAPE(NDAYS, NLATS, NLONS);
    da_array *t2m = da_from_function(ctx, fill_t2m, NULL, 0, shape, DA_FLOAT32, NULL);
    da_array *u =
        da_from_function(ctx, fill_wind, &eastward, sizeof eastward, shape, DA_FLOAT32, NULL);
    da_array *v =
        da_from_function(ctx, fill_wind, &northward, sizeof northward, shape, DA_FLOAT32, NULL);

    da_array *out[] = {save(t2m, argv[1], "t2m.npy"), save(u, argv[1], "u.npy"),
                       save(v, argv[1], "v.npy"), save(t2m, argv[1], "air.h5:/t2m")};
    da_status status = da_compute_all(ctx, 3, out);
    if (status == DA_OK) /* a build without HDF5 does without that file */
        status = da_compute(ctx, out[3]);
    if (status == DA_ERR_UNSUPPORTED)
        da_error_clear(ctx);
    else if (status != DA_OK)
        fprintf(stderr, "make_input: %s\n", da_error_message(ctx));
    return da_finalize(ctx);
}
