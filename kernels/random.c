/* Random numbers by counters: Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3, SC 2011),
 * and what is made of its bits. An element is a function of (index, seed, stream) alone. */
#include "random_lanes.h"

/* ---- the generator ---- */

/* Vectors of blocks that are computed together: the operations of one wait for each other, and a processor looks ahead over about
 * one. */
enum { GROUP = 2 };

enum { ROUNDS = 10 };
static const uint64_t multiplier[2] = {0xd2511f53, 0xcd9e8d57};

/* One block per lane: counter (number, stream), key `seed`, each of 64 bits. Words 0 and 1 are `first`, 2 and 3 `second`. Of the
 * lanes only the lower halves count until the end: the multiplication does not see the upper ones. */
LANE void philox_group(int n, const lanes *number, lanes seed, lanes stream, lanes *first,
                       lanes *second)
{
    lanes c0[GROUP], c1[GROUP], c2[GROUP], c3[GROUP], k0 = seed, k1 = seed >> 32;
    for (int g = 0; g < n; g++) {
        c0[g] = number[g];
        c1[g] = number[g] >> 32;
        c2[g] = stream;
        c3[g] = stream >> 32;
    }
#pragma GCC unroll 10
    for (int round = 0; round < ROUNDS; round++) {
#pragma GCC unroll 2
        for (int g = 0; g < n; g++) {
            lanes p0 = product(c0[g], spread(multiplier[0])),
                  p1 = product(c2[g], spread(multiplier[1]));
            c0[g] = (p1 >> 32) ^ c1[g] ^ k0;
            c1[g] = p1;
            c2[g] = (p0 >> 32) ^ c3[g] ^ k1;
            c3[g] = p0;
        }
        k0 += 0x9e3779b9;
        k1 += 0xbb67ae85;
    }
    for (int g = 0; g < n; g++) {
        first[g] = join_words(c0[g], c1[g]);
        second[g] = join_words(c2[g], c3[g]);
    }
}

LANE void philox(lanes number, lanes seed, lanes stream, lanes *first, lanes *second)
{
    philox_group(1, &number, seed, stream, first, second);
}

/* ---- blocks in a row ---- */

/* What the blocks of one key and stream have in common while the upper halves of their numbers are the same: round keys, and of the
 * first two rounds what does not depend on the lower half. */
struct row {
    uint32_t key0[ROUNDS],
        key1[ROUNDS]; /* of the second round: key0 with words that are known; of the third: key1 */
    uint32_t first,
        second; /* what the first round's, the second round's new word 2 is mixed with */
};

static void open_row(struct row *r, uint64_t number, uint64_t seed, uint64_t stream)
{
    for (uint32_t k = 0; k < ROUNDS; k++) {
        r->key0[k] = (uint32_t)seed + k * 0x9e3779b9u;
        r->key1[k] = (uint32_t)(seed >> 32) + k * 0xbb67ae85u;
    }
    uint64_t of_stream = (stream & UINT32_MAX) * multiplier[1];
    uint64_t word0 = (of_stream ^ number) >> 32 ^ r->key0[0], of_word0 = word0 * multiplier[0];
    r->first = (uint32_t)(stream >> 32) ^ r->key1[0];
    r->second = (uint32_t)(of_word0 >> 32) ^ r->key1[1];
    r->key0[1] ^= (uint32_t)of_stream;
    r->key1[2] ^= (uint32_t)of_word0;
}

/* Of the numbers the lower halves count. */
LANE void philox_row(const struct row *r, const lanes *number, lanes *first, lanes *second)
{
    lanes c0[GROUP], c1[GROUP], c2[GROUP], c3[GROUP];
    for (int g = 0; g < GROUP; g++) {
        lanes p0 = product(number[g], spread(multiplier[0]));
        lanes p1 = product((p0 >> 32) ^ spread(r->first), spread(multiplier[1]));
        c0[g] = (p1 >> 32) ^ spread(r->key0[1]);
        c1[g] = p1;
        c2[g] = p0 ^ spread(r->second);
        c3[g] = (lanes){0};
    }
#pragma GCC unroll 10
    for (int round = 2; round < ROUNDS; round++) {
        lanes k0 = spread(r->key0[round]), k1 = spread(r->key1[round]);
#pragma GCC unroll 2
        for (int g = 0; g < GROUP; g++) {
            lanes p0 = product(c0[g], spread(multiplier[0])),
                  p1 = product(c2[g], spread(multiplier[1]));
            c0[g] = (p1 >> 32) ^ c1[g] ^ k0;
            c1[g] = p1;
            c2[g] = (p0 >> 32) ^ c3[g] ^ k1;
            c3[g] = p0;
        }
    }
    for (int g = 0; g < GROUP; g++) {
        first[g] = join_words(c0[g], c1[g]);
        second[g] = join_words(c2[g], c3[g]);
    }
}

/* ---- numbers from bits ---- */

/* -log(1 - x) of a multiple x of 2^-53 in [0, 1), within 3 units in the last place. 1 - x = 2^e m with m between sqrt(1/2) and
 * sqrt(2); log m = 2 atanh(s), s = (m-1)/(m+1), by a polynomial in s^2 fitted at Chebyshev's points. */
LANE reals minus_log1m(reals x)
{
    lanes bits = (lanes)(1.0 - x) + (0x3ff0000000000000 - 0x3fe6a09e667f3bcd);
    reals exponent = (reals)((bits >> 52) | 0x4330000000000000) - (0x1p52 + 1023);
    reals m = (reals)((bits & 0xfffffffffffff) + 0x3fe6a09e667f3bcd);
    reals s = (m - 1.0) / (m + 1.0), z = s * s, w = z * z;
    reals even = 0x1.5555555555558p-1 +
                 w * (0x1.2492492df148dp-2 + w * (0x1.7462b4ab2ef6bp-3 + w * 0x1.2b584aae78a57p-3));
    reals odd = 0x1.99999999952e2p-2 + w * (0x1.c71c62e5800a1p-3 + w * 0x1.39fe606542ddep-3);
    reals log_m = (s + s) + s * (z * (even + z * odd));
    return -(exponent * 0x1.62e42fefa39efp-1 + log_m);
}

/* Sine and cosine of 2 pi x, x a multiple of 2^-53 in [0, 1), within 2 units in the last place: x is a whole number of quarter
 * turns and a rest of at most half a one, exactly; polynomials in the rest, fitted at Chebyshev's points. */
LANE void turn(reals x, reals *sine, reals *cosine)
{
    reals quarters = x * 4.0, shifted = quarters + 0x1.8p52, t = quarters - (shifted - 0x1.8p52);
    lanes turns = (lanes)shifted;
    reals z = t * t, w = z * z;
    reals s = t * ((0x1.921fb54442d18p+0 + z * -0x1.4abbce625be41p-1) +
                   w * ((0x1.466bc677587f8p-4 + z * -0x1.32d2cce2e5b19p-8) +
                        w * ((0x1.50782fda12d96p-13 + z * -0x1.e30071afc3e59p-19) +
                             w * 0x1.e3f38399551bfp-25)));
    reals c = 1.0 + z * ((-0x1.3bd3cc9be45dep+0 + z * 0x1.03c1f081b5aacp-2) +
                         w * ((-0x1.55d3c7e3c90f8p-6 + z * 0x1.e1f5068355e15p-11) +
                              w * ((-0x1.a6d1ec7906c20p-16 + z * 0x1.f9cc41140bb60p-22) +
                                   w * -0x1.b264ba152378ap-28)));
    lanes odd = -(turns & 1), sign = (lanes){0} + ((uint64_t)1 << 63);
    *sine = (reals)(choose(odd, (lanes)s, (lanes)c) ^ ((turns << 62) & sign));
    *cosine = (reals)(choose(odd, (lanes)c, (lanes)s) ^ (((turns + 1) << 62) & sign));
}

/* A block's two elements, as bits. */
typedef void pair_fn(lanes first, lanes second, lanes *even, lanes *odd);

LANE void pair_bits(lanes first, lanes second, lanes *even, lanes *odd)
{
    *even = first;
    *odd = second;
}

LANE void pair_uniform(lanes first, lanes second, lanes *even, lanes *odd)
{
    *even = (lanes)unit(first);
    *odd = (lanes)unit(second);
}

LANE void pair_exponential(lanes first, lanes second, lanes *even, lanes *odd)
{
    *even = (lanes)minus_log1m(unit(first));
    *odd = (lanes)minus_log1m(unit(second));
}

/* Box, Muller: A note on the generation of random normal deviates (1958). */
LANE void pair_normal(lanes first, lanes second, lanes *even, lanes *odd)
{
    reals radius = root(2.0 * minus_log1m(unit(first))), sine, cosine;
    turn(unit(second), &sine, &cosine);
    *even = (lanes)(radius * cosine);
    *odd = (lanes)(radius * sine);
}

/* ---- loops ---- */

/* How many indices, of `n`, go up by one from the first: whole pieces, so that looking costs little. */
enum { PIECE = 64 };
static int64_t run_length(const int64_t *index, int64_t n)
{
    int64_t length = 0;
    while (length < n) {
        int64_t end = length + PIECE < n ? length + PIECE : n;
        uint64_t differs = 0, first = (uint64_t)index[0];
        for (int64_t i = length; i < end; i++)
            differs |= (uint64_t)index[i] ^ (first + (uint64_t)i);
        if (differs != 0)
            break;
        length = end;
    }
    return length;
}

/* The elements of one loop: lanes of indices, seeds and streams; scalars are read before anything is written. */
struct operand {
    const int64_t *at;
    lanes scalar;
    bool is_scalar;
};

LANE lanes fetch(const struct operand *o, int64_t i, int64_t n)
{
    if (o->is_scalar)
        return o->scalar;
    if (n >= LANES)
        return load(o->at + i);
    lanes x = {0};
    memcpy(&x, o->at + i, (size_t)n * sizeof *o->at);
    return x;
}

static void open_operands(struct operand *o, const void *const *in, unsigned scalars)
{
    for (int k = 0; k < 3; k++) {
        o[k].at = in[k];
        o[k].is_scalar = scalars >> k & 1;
        o[k].scalar = spread(o[k].is_scalar ? (uint64_t)o[k].at[0] : 0);
    }
}

/* Any indices, seeds and streams: a block each. */
LANE void scattered(pair_fn *pair, const struct operand *o, int64_t from, int64_t n, uint64_t *out)
{
    for (int64_t i = from; i < from + n; i += LANES) {
        int64_t left = from + n - i;
        lanes index = fetch(&o[0], i, left), even, odd;
        philox(index >> 1, fetch(&o[1], i, left), fetch(&o[2], i, left), &even, &odd);
        pair(even, odd, &even, &odd);
        lanes value = choose(-(index & 1), even, odd);
        memcpy(out + i, &value, (size_t)(left < LANES ? left : LANES) * sizeof *out);
    }
}

/* LANES blocks from block `number` on. */
LANE void blocks(pair_fn *pair, uint64_t number, lanes seed, lanes stream, lanes *lower,
                 lanes *upper)
{
    lanes even, odd;
    philox(number + (lanes){IOTA}, seed, stream, &even, &odd);
    pair(even, odd, &even, &odd);
    interleave(even, odd, lower, upper);
}

/* GROUP times as many, of the numbers given, stored behind each other. */
LANE void block_group(pair_fn *pair, const struct row *row, const lanes *number, uint64_t *out)
{
    lanes even[GROUP], odd[GROUP], lower, upper;
    philox_row(row, number, even, odd);
    for (int g = 0; g < GROUP; g++) {
        pair(even[g], odd[g], &even[g], &odd[g]);
        interleave(even[g], odd[g], &lower, &upper);
        store(out + g * 2 * LANES, lower);
        store(out + g * 2 * LANES + LANES, upper);
    }
}

enum { MANY = GROUP * 2 * LANES };

/* As many whole groups as there are in n elements and in front of the next number with another upper half. Returns the number of
 * elements. */
LANE int64_t block_groups(pair_fn *pair, uint64_t number, uint64_t seed, uint64_t stream, int64_t n,
                          uint64_t *out)
{
    const uint64_t left = ((uint64_t)1 << 32) - (number & UINT32_MAX);
    const int64_t most = left * 2 < (uint64_t)n ? (int64_t)(left * 2) : n;
    struct row row;
    lanes from[GROUP];
    open_row(&row, number, seed, stream);
    for (int g = 0; g < GROUP; g++)
        from[g] = number + (uint64_t)g * LANES + (lanes){IOTA};
    int64_t i = 0;
    for (; i + MANY <= most; i += MANY) {
        block_group(pair, &row, from, out + i);
        for (int g = 0; g < GROUP; g++)
            from[g] += GROUP * LANES;
    }
    return i;
}

/* Indices one after the other from `index` on: both elements of every block. */
LANE void consecutive(pair_fn *pair, uint64_t index, lanes seed, lanes stream, int64_t n,
                      uint64_t *out)
{
    uint64_t number = index >> 1, piece[2 * LANES];
    int64_t skip = (int64_t)(index & 1);
    lanes lower, upper;
    if (skip != 0 && n > 0) { /* starts between a block's elements */
        blocks(pair, number, seed, stream, &lower, &upper);
        store(piece, lower);
        *out++ = piece[1];
        n--;
        number++;
    }
    if (n >= MANY) {
        int64_t done = block_groups(pair, number, seed[0], stream[0], n, out);
        n -= done;
        out += done;
        number += (uint64_t)done / 2;
    }
    for (; n >= 2 * LANES; n -= 2 * LANES, out += 2 * LANES, number += LANES) {
        blocks(pair, number, seed, stream, &lower, &upper);
        store(out, lower);
        store(out + LANES, upper);
    }
    if (n > 0) {
        blocks(pair, number, seed, stream, &lower, &upper);
        store(piece, lower);
        store(piece + LANES, upper);
        memcpy(out, piece, (size_t)n * sizeof *out);
    }
}

/* Indices in even steps, a piece at a time. */
static int64_t count_piece(int64_t *piece, uint64_t first, uint64_t step, int64_t left)
{
    int64_t n = left < PIECE ? left : PIECE;
    for (int64_t i = 0; i < n; i++)
        piece[i] = (int64_t)(first + (uint64_t)i * step);
    return n;
}

LANE void draw_evenly(pair_fn *pair, int64_t n, uint64_t *out, const struct operand *o)
{
    uint64_t first = (uint64_t)o[0].at[0], step = (uint64_t)o[0].at[1];
    int64_t piece[PIECE], done;
    if (step == 1) {
        consecutive(pair, first, o[1].scalar, o[2].scalar, n, out);
        return;
    }
    const struct operand counted[3] = {{.at = piece}, o[1], o[2]};
    for (int64_t i = 0; i < n; i += done) {
        done = count_piece(piece, first + (uint64_t)i * step, step, n - i);
        scattered(pair, counted, 0, done, out + i);
    }
}

LANE void draw(pair_fn *pair, int64_t n, void *out_, const void *const *in, unsigned scalars)
{
    struct operand o[3];
    uint64_t *out = out_;
    if (n <= 0)
        return;
    open_operands(o, in, scalars);
    if (scalars & DA__EVEN) {
        draw_evenly(pair, n, out, o);
        return;
    }
    bool runs = !o[0].is_scalar && o[1].is_scalar && o[2].is_scalar;
    for (int64_t i = 0; i < n;) {
        int64_t left = n - i, length = runs ? run_length(o[0].at + i, left) : 0;
        if (length > 0) {
            consecutive(pair, (uint64_t)o[0].at[i], o[1].scalar, o[2].scalar, length, out + i);
        } else {
            length = runs && left > PIECE ? PIECE : left;
            scattered(pair, o, i, length, out);
        }
        i += length;
    }
}

#define DRAW(name)                                                                                 \
    static void strip_##name(int64_t n, void *out, const void *const *in, unsigned scalars)        \
    {                                                                                              \
        draw(pair_##name, n, out, in, scalars);                                                    \
    }
DRAW(bits)
DRAW(uniform)
DRAW(normal)
DRAW(exponential)

/* ---- float32: four elements a block ---- */

/* The upper 24 bits of each 32-bit word as a multiple of 2^-24. */
LANE lanes units32(lanes bits)
{
    halves words = (halves)((bits >> 8) & 0x00ffffff00ffffff);
    return (lanes)(__builtin_convertvector(words, singles) * 0x1p-24f);
}

LANE void scattered32(const struct operand *o, int64_t from, int64_t n, float *out)
{
    for (int64_t i = from; i < from + n; i += LANES) {
        int64_t left = from + n - i;
        lanes index = fetch(&o[0], i, left), first, second;
        philox(index >> 2, fetch(&o[1], i, left), fetch(&o[2], i, left), &first, &second);
        lanes words = choose(-(index >> 1 & 1), first, second);
        lanes bits = choose(-(index & 1), words, words >> 32) >> 8 & 0xffffff;
        for (int64_t j = 0; j < LANES && j < left; j++)
            out[i + j] = (float)(int32_t)bits[j] * 0x1p-24f;
    }
}

LANE void blocks32(uint64_t number, lanes seed, lanes stream, lanes *lower, lanes *upper)
{
    blocks(pair_bits, number, seed, stream, lower, upper);
    *lower = units32(*lower);
    *upper = units32(*upper);
}

LANE void consecutive32(uint64_t index, lanes seed, lanes stream, int64_t n, float *out)
{
    uint64_t number = index >> 2;
    int64_t skip = (int64_t)(index & 3);
    float piece[4 * LANES];
    lanes lower, upper;
    if (skip != 0) {
        blocks32(number, seed, stream, &lower, &upper);
        store(piece, lower);
        int64_t head = 4 - skip < n ? 4 - skip : n;
        memcpy(out, piece + skip, (size_t)head * sizeof *out);
        out += head;
        n -= head;
        number++;
    }
    for (; n >= 4 * LANES; n -= 4 * LANES, out += 4 * LANES, number += LANES) {
        blocks32(number, seed, stream, &lower, &upper);
        store(out, lower);
        store(out + 2 * LANES, upper);
    }
    if (n > 0) {
        blocks32(number, seed, stream, &lower, &upper);
        store(piece, lower);
        store(piece + 2 * LANES, upper);
        memcpy(out, piece, (size_t)n * sizeof *out);
    }
}

static void draw_evenly32(int64_t n, float *out, const struct operand *o)
{
    uint64_t first = (uint64_t)o[0].at[0], step = (uint64_t)o[0].at[1];
    int64_t piece[PIECE], done;
    if (step == 1) {
        consecutive32(first, o[1].scalar, o[2].scalar, n, out);
        return;
    }
    const struct operand counted[3] = {{.at = piece}, o[1], o[2]};
    for (int64_t i = 0; i < n; i += done) {
        done = count_piece(piece, first + (uint64_t)i * step, step, n - i);
        scattered32(counted, 0, done, out + i);
    }
}

static void strip_uniform32(int64_t n, void *out_, const void *const *in, unsigned scalars)
{
    struct operand o[3];
    float *out = out_;
    if (n <= 0)
        return;
    open_operands(o, in, scalars);
    if (scalars & DA__EVEN) {
        draw_evenly32(n, out, o);
        return;
    }
    bool runs = !o[0].is_scalar && o[1].is_scalar && o[2].is_scalar;
    for (int64_t i = 0; i < n;) {
        int64_t left = n - i, length = runs ? run_length(o[0].at + i, left) : 0;
        if (length > 0) {
            consecutive32((uint64_t)o[0].at[i], o[1].scalar, o[2].scalar, length, out + i);
        } else {
            length = runs && left > PIECE ? PIECE : left;
            scattered32(o, i, length, out);
        }
        i += length;
    }
}

void DA__VARIANT(da__philox)(uint64_t number, uint64_t seed, uint64_t stream, uint64_t *block)
{
    lanes first, second;
    philox(spread(number), spread(seed), spread(stream), &first, &second);
    block[0] = first[0];
    block[1] = second[0];
}

da__strip_fn *const DA__VARIANT(da__strips_random)[DA__NELEMENTWISE] = {
    [DA__OP_RANDOM_BITS] = strip_bits,
    [DA__OP_RANDOM_UNIFORM] = strip_uniform,
    [DA__OP_RANDOM_UNIFORM32] = strip_uniform32,
    [DA__OP_RANDOM_NORMAL] = strip_normal,
    [DA__OP_RANDOM_EXPONENTIAL] = strip_exponential,
};
