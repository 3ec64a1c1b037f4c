/* The error function's polynomials, by Chebyshev interpolation of values computed with 60 digits: erf(x) / x in x * x for
 * |x| <= 1, and erfc(x) * exp(x * x) in s = 9.6 / (x + 2) - 2.2 for 1 <= x <= 6. */
#ifndef DA_VECTOR_ERF_H
#define DA_VECTOR_ERF_H

static const float erf_small_float32[] = {1.128379166e+00f,  -3.761262667e-01f, 1.128359472e-01f,
                                          -2.685421201e-02f, 5.189087423e-03f,  -8.016864287e-04f,
                                          7.875875063e-05f};
static const float erf_large_float32[] = {2.214295390e-01f,  1.618935685e-01f, 3.856061085e-02f,
                                          5.588800011e-03f,  1.969368476e-04f, -8.071032505e-05f,
                                          -7.015935924e-06f, 1.846432275e-06f};

#endif
