/* Copies past the caches: for what nobody reads again before it would have left them. */
#include "copy.h"
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>

enum { LINE = 64 };

static void stream_line(char *dst, const char *src)
{
    __m128i a, b, c, d;
    memcpy(&a, src, 16);
    memcpy(&b, src + 16, 16);
    memcpy(&c, src + 32, 16);
    memcpy(&d, src + 48, 16);
    _mm_stream_si128((__m128i *)(void *)dst, a);
    _mm_stream_si128((__m128i *)(void *)(dst + 16), b);
    _mm_stream_si128((__m128i *)(void *)(dst + 32), c);
    _mm_stream_si128((__m128i *)(void *)(dst + 48), d);
}

/* Whole lines of the destination are streamed; a line that it shares with others is written as
 * usual. */
void da__copy_stream(char *dst, const char *src, size_t nbytes)
{
    size_t front = (size_t) - (uintptr_t)dst % LINE;
    if (nbytes < front + LINE) {
        memcpy(dst, src, nbytes);
        return;
    }
    memcpy(dst, src, front);
    size_t at = front;
    for (; at + LINE <= nbytes; at += LINE)
        stream_line(dst + at, src + at);
    memcpy(dst + at, src + at, nbytes - at);
}

void da__copy_stream_end(void)
{
    _mm_sfence();
}
#else
void da__copy_stream(char *dst, const char *src, size_t nbytes)
{
    memcpy(dst, src, nbytes);
}

void da__copy_stream_end(void)
{
}
#endif
