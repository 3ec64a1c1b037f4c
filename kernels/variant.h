/* The loops are compiled twice: for the baseline of the architecture, and (avx2/) for x86-64
 * processors with AVX2; random numbers for AVX-512, too. Whoever freezes a kernel chooses once. All
 * give the same bits: no contraction, the same order of operations. */
#ifndef DA_VARIANT_H
#define DA_VARIANT_H

#if defined(__x86_64__) && defined(__GNUC__)
#define DA__HAVE_AVX2 1
#endif

/* The name of a table in the variant that is being compiled. */
#if defined(DA__AVX512)
#define DA__VARIANT(name) DA__VARIANT_(name)
#define DA__VARIANT_(name) name##_avx512
#elif defined(DA__AVX2)
#define DA__VARIANT(name) DA__VARIANT_(name)
#define DA__VARIANT_(name) name##_avx2
#else
#define DA__VARIANT(name) name
#endif

static inline int da__has_avx512(void)
{
#ifdef DA__HAVE_AVX2
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
#else
    return 0;
#endif
}

static inline int da__has_avx2(void)
{
#ifdef DA__HAVE_AVX2
    return __builtin_cpu_supports("avx2") != 0;
#else
    return 0;
#endif
}

#endif
