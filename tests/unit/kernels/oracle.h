/* Asks NumPy: tests write records (see oracle.py) and have the script check them. */
#ifndef DA_TEST_ORACLE_H
#define DA_TEST_ORACLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

struct oracle {
    FILE *file;
    char path[64];
};

static inline void oracle_open(struct oracle *o)
{
    strcpy(o->path, "/tmp/da_oracle_XXXXXX");
    int fd = mkstemp(o->path);
    assert_true(fd >= 0);
    o->file = fdopen(fd, "wb");
    assert_non_null(o->file);
}

/* The script lies beside this file. Skips the test where there is no NumPy. */
static inline void oracle_check(struct oracle *o)
{
    char command[1024];
    assert_int_equal(fclose(o->file), 0);
    snprintf(command, sizeof command, "env -u LD_PRELOAD /usr/bin/python3 '%s' %s",
             DA_TEST_SOURCE "/tests/unit/kernels/oracle.py", o->path);
    int status = system(command);
    unlink(o->path);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 127) {
        print_message("no NumPy: skipped\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* A small generator, so that failures repeat. */
static inline uint64_t random_bits(uint64_t *state)
{
    uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static inline int64_t random_below(uint64_t *state, int64_t n)
{
    return (int64_t)(random_bits(state) % (uint64_t)n);
}

static inline double random_unit(uint64_t *state)
{
    return (double)(random_bits(state) >> 11) * 0x1p-53;
}

#endif
