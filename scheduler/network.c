/* Reads the description of a network from text. */
#include "network.h"

#include <stdlib.h>
#include <string.h>

struct unit {
    const char *name;
    double factor;
};
static const struct unit time_units[] = {
    {"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {NULL, 0}};
static const struct unit rate_units[] = {
    {"bit", 1}, {"kbit", 1e3}, {"Mbit", 1e6}, {"Gbit", 1e9}, {NULL, 0}};

static bool read_number(const char *text, double *out, const char **rest)
{
    char *end;
    *out = strtod(text, &end);
    *rest = end;
    return end != text && *out >= 0;
}

static bool read_unit(const char *text, const struct unit *unit, int64_t *out)
{
    double value;
    const char *rest;
    if (!read_number(text, &value, &rest))
        return false;
    for (; unit->name != NULL; unit++)
        if (strcmp(rest, unit->name) == 0 && value * unit->factor < 1e18) {
            *out = (int64_t)(value * unit->factor);
            return true;
        }
    return false;
}

static bool read_delay(const char *text, struct da__network *n)
{
    return read_unit(text, time_units, &n->delay_ns);
}

static bool read_jitter(const char *text, struct da__network *n)
{
    return read_unit(text, time_units, &n->jitter_ns);
}

static bool read_rate(const char *text, struct da__network *n)
{
    return read_unit(text, rate_units, &n->bits_per_second) && n->bits_per_second > 0;
}

static bool read_reorder(const char *text, struct da__network *n)
{
    const char *rest;
    return read_number(text, &n->reorder, &rest) && *rest == '\0' && n->reorder <= 1;
}

static bool read_seed(const char *text, struct da__network *n)
{
    char *end;
    n->seed = strtoull(text, &end, 10);
    return end != text && *end == '\0';
}

static bool read_drop(const char *text, struct da__network *n)
{
    char *end;
    long engine = strtol(text, &end, 10);
    if (end == text || *end != ':' || engine < 0 || engine > INT32_MAX)
        return false;
    const char *number = end + 1;
    n->drop_engine = (int)engine;
    n->drop_number = strtoll(number, &end, 10);
    return end != number && *end == '\0' && n->drop_number > 0;
}

static const struct {
    const char *name, *example;
    bool (*read)(const char *text, struct da__network *n);
} keys[] = {
    {"delay", "1ms", read_delay},     {"jitter", "2ms", read_jitter}, {"rate", "1Gbit", read_rate},
    {"reorder", "0.3", read_reorder}, {"seed", "7", read_seed},       {"drop", "1:40", read_drop},
};
enum { NKEYS = sizeof keys / sizeof *keys };

static da_status read_part(const char *part, struct da__network *out, struct da__error *err)
{
    const char *equals = strchr(part, '=');
    size_t length = equals != NULL ? (size_t)(equals - part) : strlen(part);
    for (int k = 0; k < NKEYS; k++) {
        if (strlen(keys[k].name) != length || strncmp(part, keys[k].name, length) != 0)
            continue;
        if (equals != NULL && keys[k].read(equals + 1, out))
            return DA_OK;
        return da__fail(err, DA_ERR_ARGUMENT, "DISTARRAY_NETWORK: \"%.60s\" is not like %s=%s",
                        part, keys[k].name, keys[k].example);
    }
    return da__fail(err, DA_ERR_ARGUMENT,
                    "DISTARRAY_NETWORK: \"%.60s\" is none of delay, jitter, rate, reorder, seed, "
                    "drop",
                    part);
}

da_status da__network_read(const char *text, struct da__network *out, struct da__error *err)
{
    enum { ROOM = 64 };
    *out = (struct da__network){.drop_engine = -1};
    while (*text != '\0') {
        char part[ROOM];
        size_t length = strcspn(text, ",");
        if (length >= ROOM)
            return da__fail(err, DA_ERR_ARGUMENT, "DISTARRAY_NETWORK: \"%.60s…\" is too long",
                            text);
        memcpy(part, text, length);
        part[length] = '\0';
        DA_TRY(read_part(part, out, err));
        text += length + (text[length] == ',');
    }
    return DA_OK;
}
