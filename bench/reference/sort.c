/* Sorting n float64: radix sort, least significant of eight 8-bit digits first; over several ranks sample sort, and the sorted line
 * cut evenly again.
 *
 * usage: reference_sort [N] [REPETITIONS] */
#include "common.h"

#include <string.h>

enum { SAMPLES = 256 };

static uint64_t key_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static double number_of(uint64_t key)
{
    uint64_t bits = key >> 63 ? key & ~(UINT64_C(1) << 63) : ~key;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Sorts keys; `spare` has as much room. */
static void radix(int64_t n, uint64_t *key, uint64_t *spare)
{
    static int64_t count[8][256];
    uint64_t *from = key, *to = spare;
    memset(count, 0, sizeof count);
    for (int64_t i = 0; i < n; i++)
        for (int d = 0; d < 8; d++)
            count[d][key[i] >> 8 * d & 255]++;
    for (int d = 0; d < 8; d++) {
        int64_t at = 0;
        if (n == 0 || count[d][key[0] >> 8 * d & 255] == n)
            continue;
        for (int k = 0; k < 256; k++) {
            int64_t here = count[d][k];
            count[d][k] = at;
            at += here;
        }
        for (int64_t i = 0; i < n; i++)
            to[count[d][from[i] >> 8 * d & 255]++] = from[i];
        uint64_t *other = from;
        from = to;
        to = other;
    }
    if (from != key)
        memcpy(key, from, (size_t)n * sizeof *key);
}

static int64_t below(int64_t n, const uint64_t *key, uint64_t border)
{
    int64_t low = 0, high = n;
    while (low < high) {
        int64_t mid = low + (high - low) / 2;
        if (key[mid] < border)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* Where the sorted keys are cut for the ranks. */
static void cut_line(int64_t n, const uint64_t *key, int *count)
{
    uint64_t *mine = malloc(SAMPLES * sizeof *mine);
    uint64_t *all = malloc(2 * (size_t)ranks * SAMPLES * sizeof *all);
    for (int k = 0; k < SAMPLES; k++)
        mine[k] = key[n * (2 * k + 1) / (2 * SAMPLES)];
    MPI_Allgather(mine, SAMPLES, MPI_UINT64_T, all, SAMPLES, MPI_UINT64_T, MPI_COMM_WORLD);
    radix((int64_t)ranks * SAMPLES, all, all + (int64_t)ranks * SAMPLES);
    int64_t at = 0;
    for (int r = 0; r < ranks; r++) {
        int64_t end = r + 1 < ranks ? below(n, key, all[(r + 1) * SAMPLES]) : n;
        count[r] = (int)(end - at);
        at = end;
    }
    free(mine);
    free(all);
}

static void offsets(const int *count, int *offset)
{
    offset[0] = 0;
    for (int r = 1; r < ranks; r++)
        offset[r] = offset[r - 1] + count[r - 1];
}

static void exchange(const uint64_t *from, int *send, uint64_t *to, int *receive, int64_t *total)
{
    int *place = malloc(2 * (size_t)ranks * sizeof *place);
    MPI_Alltoall(send, 1, MPI_INT, receive, 1, MPI_INT, MPI_COMM_WORLD);
    offsets(send, place);
    offsets(receive, place + ranks);
    MPI_Alltoallv(from, send, place, MPI_UINT64_T, to, receive, place + ranks, MPI_UINT64_T,
                  MPI_COMM_WORLD);
    *total = place[2 * ranks - 1] + receive[ranks - 1];
    free(place);
}

/* Runs one after the other, merged two by two. */
static uint64_t *merge(int nruns, int *count, uint64_t *key, uint64_t *spare)
{
    while (nruns > 1) {
        uint64_t *a = key, *to = spare;
        int merged = 0;
        for (int r = 0; r < nruns; r += 2) {
            uint64_t *b = a + count[r], *end = b + (r + 1 < nruns ? count[r + 1] : 0), *middle = b;
            count[merged++] = (int)(end - a);
            while (a < middle && b < end)
                *to++ = *b < *a ? *b++ : *a++;
            memcpy(to, a, (size_t)(middle - a) * sizeof *a);
            to += middle - a;
            memcpy(to, b, (size_t)(end - b) * sizeof *b);
            to += end - b;
            a = end;
        }
        nruns = merged;
        to = key;
        key = spare;
        spare = to;
    }
    return key;
}

/* `mine` sorted keys here, of all ranks' line; out[] gets this rank's block. */
static void even_out(int64_t n, int64_t mine, const uint64_t *key, uint64_t *out)
{
    int64_t first = 0, got;
    int *count = calloc(2 * (size_t)ranks, sizeof *count);
    MPI_Exscan(&mine, &first, 1, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
    first = rank == 0 ? 0 : first;
    for (int r = 0; r < ranks; r++) {
        int64_t low = low_of(n, r), high = low_of(n, r + 1);
        low = low > first ? low : first;
        high = high < first + mine ? high : first + mine;
        count[r] = high > low ? (int)(high - low) : 0;
    }
    exchange(key, count, out, count + ranks, &got);
    free(count);
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    int64_t n = argc > 1 ? atoll(argv[1]) : 20000000;
    int repetitions = argc > 2 ? atoi(argv[2]) : 3;
    int64_t low = low_of(n, rank), mine = low_of(n, rank + 1) - low, got;
    double *x = room(mine), *y = room(mine);
    uint64_t *key = (uint64_t *)room(2 * mine + 4096), *spare = (uint64_t *)room(2 * mine + 4096);
    int *count = malloc(2 * (size_t)ranks * sizeof *count);
    for (int64_t i = 0; i < mine; i++) {
        double t = (double)(i + low) * 0.6180339887498949;
        x[i] = t - (double)(int64_t)t;
    }
    for (int k = 0; k <= repetitions; k++) {
        double start = start_clock();
        for (int64_t i = 0; i < mine; i++)
            key[i] = key_of(x[i]);
        radix(mine, key, spare);
        if (ranks > 1) {
            cut_line(mine, key, count);
            exchange(key, count, spare, count + ranks, &got);
            uint64_t *sorted = merge(ranks, count + ranks, spare, key);
            even_out(n, got, sorted, sorted == key ? spare : key);
            if (sorted == key)
                memcpy(key, spare, (size_t)mine * sizeof *key);
        }
        for (int64_t i = 0; i < mine; i++)
            y[i] = number_of(key[i]);
        if (k > 0)
            stop_clock("sort", start);
    }
    check("sort", y, mine);
    MPI_Finalize();
    return 0;
}
