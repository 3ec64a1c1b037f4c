/* Finds pairs of operations that one loop can do, and the loop. */
#include "pair.h"

static int pair_op(enum da__op_id op)
{
    return op == DA__OP_ADD        ? DA__PAIR_ADD
           : op == DA__OP_SUBTRACT ? DA__PAIR_SUBTRACT
           : op == DA__OP_MULTIPLY ? DA__PAIR_MULTIPLY
                                   : -1;
}

da__strip_fn *da__pair_find_for(enum da__isa isa, enum da__op_id first, enum da__op_id second,
                                bool behind, da_dtype compute)
{
    static da__pair_table *const tables[2][DA__NISAS] = {
#ifdef DA__HAVE_X86
        {&da__pairs_float32, &da__pairs_float32_avx2, &da__pairs_float32_avx512},
        {&da__pairs_float64, &da__pairs_float64_avx2, &da__pairs_float64_avx512},
#else
        {&da__pairs_float32, &da__pairs_float32, &da__pairs_float32},
        {&da__pairs_float64, &da__pairs_float64, &da__pairs_float64},
#endif
    };
    int a = pair_op(first), b = pair_op(second);
    if (a < 0 || b < 0 || (compute != DA_FLOAT32 && compute != DA_FLOAT64))
        return NULL;
    return (*tables[compute == DA_FLOAT64][isa])[a][b][behind];
}

/* Forgets the candidates that something else reads, too: `reader` is -1 before the first reader, -2 after a second. */
static void read_by(int32_t *reader, da__ref ref, int32_t by)
{
    if (DA__REF_KIND(ref) != DA__REF_INSN)
        return;
    int32_t *r = &reader[DA__REF_NUMBER(ref)];
    *r = *r == -1 ? by : -2;
}

void da__pair_find_all(const struct da__body *b, const struct da__value *insn_value,
                       int32_t *taken_by)
{
    for (int i = 0; i < b->ninsns; i++)
        taken_by[i] = -1;
    for (int i = 0; i < b->ninsns; i++)
        for (int j = 0; insn_value[i].used && j < da__op_info(b->insn[i].op)->nin; j++)
            read_by(taken_by, b->insn[i].arg[j], i);
    for (int o = 0; o < b->noutputs; o++)
        read_by(taken_by, b->output[o], -2);
    for (int r = 0; r < b->nreductions; r++)
        read_by(taken_by, b->reduction[r].value, -2);
    /* An instruction takes one in, and is then full. */
    for (int i = 0; i < b->ninsns; i++) {
        const struct da__insn *insn = &b->insn[i];
        bool full = pair_op(insn->op) < 0 || insn_value[i].uniform ||
                    (insn->compute != DA_FLOAT32 && insn->compute != DA_FLOAT64);
        for (int j = 0; j < da__op_info(insn->op)->nin; j++) {
            int32_t n = DA__REF_NUMBER(insn->arg[j]);
            if (DA__REF_KIND(insn->arg[j]) != DA__REF_INSN || taken_by[n] != i)
                continue;
            if (full || pair_op(b->insn[n].op) < 0 || insn_value[n].uniform)
                taken_by[n] = -2;
            else
                full = true;
        }
        for (int j = 0; full && j < da__op_info(insn->op)->nin; j++)
            if (DA__REF_KIND(insn->arg[j]) == DA__REF_INSN &&
                taken_by[DA__REF_NUMBER(insn->arg[j])] == i)
                taken_by[i] = -2;
    }
    for (int i = 0; i < b->ninsns; i++)
        taken_by[i] = taken_by[i] < 0 ? -1 : taken_by[i];
}
