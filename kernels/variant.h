/* The loops are compiled for several instruction sets: for the baseline of the architecture (x86-64: SSE2; AArch64: NEON),
 * and (avx2/, avx512/) for x86-64 processors that have more. Whoever freezes a kernel chooses once. All give the same bits:
 * no contraction, the same order of operations. */
#ifndef DA_VARIANT_H
#define DA_VARIANT_H

#if defined(__x86_64__) && defined(__GNUC__)
#define DA__HAVE_X86 1
#endif

enum da__isa { DA__BASELINE, DA__AVX2, DA__AVX512, DA__NISAS };

/* The name of a table in the variant that is being compiled. */
#define DA__VARIANT(name) DA__VARIANT_(name)
#if defined(DA__FOR_AVX512)
#define DA__VARIANT_(name) name##_avx512
#elif defined(DA__FOR_AVX2)
#define DA__VARIANT_(name) name##_avx2
#else
#define DA__VARIANT_(name) name
#endif

/* Tables of all variants in the order of enum da__isa. Without the others the baseline stands for them. */
#ifdef DA__HAVE_X86
#define DA__VARIANTS(name)                                                                         \
    {                                                                                              \
        name, name##_avx2, name##_avx512                                                           \
    }
#else
#define DA__VARIANTS(name)                                                                         \
    {                                                                                              \
        name, name, name                                                                           \
    }
#endif

/* The best that this machine has. */
enum da__isa da__isa_machine(void);
/* Likewise, or less where DISTARRAY_ISA says baseline or avx2. */
enum da__isa da__isa_best(void);
const char *da__isa_name(enum da__isa isa);

#endif
