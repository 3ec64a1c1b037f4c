/* A chain as a function: rows, vectors of a row, loads, operations, stores. */
#include "emit.h"

#include <string.h>

static const struct {
    char kind;
    uint8_t nbytes;
} dtypes[] = {
#define DA__DTYPE(ID, value, name, numpy, ctype, kind) {kind, sizeof(ctype)},
#include "dtypes.def"
#undef DA__DTYPE
};

char kind_of(unsigned dtype)
{
    return dtypes[dtype].kind;
}

unsigned nbytes_of(unsigned dtype)
{
    return dtypes[dtype].nbytes;
}

/* ---- types and constants ---- */

LLVMTypeRef element_type(struct emit *e, unsigned dtype)
{
    unsigned part = nbytes_of(dtype) / (kind_of(dtype) == 'c' ? 2 : 1);
    if (kind_of(dtype) == 'b')
        return LLVMInt1TypeInContext(e->context);
    if (kind_of(dtype) == 'f' || kind_of(dtype) == 'c')
        return part == 4 ? LLVMFloatTypeInContext(e->context) : LLVMDoubleTypeInContext(e->context);
    return LLVMIntTypeInContext(e->context, 8 * part);
}

LLVMTypeRef vector_of(struct emit *e, LLVMTypeRef element)
{
    return LLVMVectorType(element, e->width);
}

LLVMValueRef splat(struct emit *e, LLVMValueRef scalar)
{
    LLVMTypeRef i32 = LLVMInt32TypeInContext(e->context);
    LLVMValueRef none = LLVMGetPoison(vector_of(e, LLVMTypeOf(scalar)));
    LLVMValueRef first = LLVMBuildInsertElement(e->b, none, scalar, LLVMConstInt(i32, 0, 0), "");
    return LLVMBuildShuffleVector(e->b, first, none, LLVMConstNull(vector_of(e, i32)), "");
}

static LLVMValueRef repeat(struct emit *e, LLVMValueRef constant)
{
    LLVMValueRef all[DA__CHAIN_NBYTES];
    for (unsigned i = 0; i < e->width; i++)
        all[i] = constant;
    return LLVMConstVector(all, e->width);
}

LLVMValueRef whole(struct emit *e, LLVMValueRef like, long long x)
{
    LLVMTypeRef element = LLVMGetElementType(LLVMTypeOf(like));
    return repeat(e, LLVMConstInt(element, (unsigned long long)x, 1));
}

LLVMValueRef real(struct emit *e, LLVMValueRef like, double x)
{
    return repeat(e, LLVMConstReal(LLVMGetElementType(LLVMTypeOf(like)), x));
}

LLVMValueRef truth(struct emit *e, bool x)
{
    return repeat(e, LLVMConstInt(LLVMInt1TypeInContext(e->context), x, 0));
}

static LLVMValueRef call(struct emit *e, const char *name, LLVMValueRef *x, unsigned n)
{
    LLVMTypeRef type = LLVMTypeOf(x[0]);
    unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
    LLVMValueRef fn = LLVMGetIntrinsicDeclaration(e->module, id, &type, 1);
    return LLVMBuildCall2(e->b, LLVMIntrinsicGetType(e->context, id, &type, 1), fn, x, n, "");
}

LLVMValueRef call1(struct emit *e, const char *name, LLVMValueRef a)
{
    return call(e, name, &a, 1);
}

LLVMValueRef call2(struct emit *e, const char *name, LLVMValueRef a, LLVMValueRef b)
{
    return call(e, name, (LLVMValueRef[]){a, b}, 2);
}

/* ---- memory ---- */

/* Positions of the real (first 0) or imaginary (1) parts, or of pairs where two vectors become one. */
static LLVMValueRef pattern(struct emit *e, unsigned n, unsigned first, unsigned step, bool pairs)
{
    LLVMTypeRef i32 = LLVMInt32TypeInContext(e->context);
    LLVMValueRef at[2 * DA__CHAIN_NBYTES];
    for (unsigned i = 0; i < n; i++)
        at[i] = LLVMConstInt(i32, pairs ? i / 2 + (i % 2) * e->width : first + i * step, 0);
    return LLVMConstVector(at, n);
}

/* What a vector of elements, or one element (n = 1), is in memory. */
static LLVMTypeRef stored_type(struct emit *e, unsigned dtype, unsigned n)
{
    LLVMTypeRef element =
        kind_of(dtype) == 'b' ? LLVMInt8TypeInContext(e->context) : element_type(e, dtype);
    return LLVMVectorType(element, kind_of(dtype) == 'c' ? 2 * n : n);
}

static LLVMValueRef load(struct emit *e, LLVMTypeRef type, LLVMValueRef at)
{
    LLVMValueRef x = LLVMBuildLoad2(e->b, type, at, "");
    LLVMSetAlignment(x, 1);
    return x;
}

static struct value load_vector(struct emit *e, unsigned dtype, LLVMValueRef at)
{
    LLVMValueRef x = load(e, stored_type(e, dtype, e->width), at), none;
    if (kind_of(dtype) == 'b')
        return (struct value){LLVMBuildICmp(e->b, LLVMIntNE, x, whole(e, x, 0), ""), NULL};
    if (kind_of(dtype) != 'c')
        return (struct value){x, NULL};
    none = LLVMGetPoison(LLVMTypeOf(x));
    return (struct value){
        LLVMBuildShuffleVector(e->b, x, none, pattern(e, e->width, 0, 2, false), ""),
        LLVMBuildShuffleVector(e->b, x, none, pattern(e, e->width, 1, 2, false), "")};
}

/* One element for all. */
static struct value load_uniform(struct emit *e, unsigned dtype, LLVMValueRef at)
{
    LLVMTypeRef i32 = LLVMInt32TypeInContext(e->context);
    LLVMValueRef x = load(e, stored_type(e, dtype, 1), at);
    LLVMValueRef re = LLVMBuildExtractElement(e->b, x, LLVMConstInt(i32, 0, 0), "");
    struct value v = {splat(e, re), NULL};
    if (kind_of(dtype) == 'b')
        v.re = LLVMBuildICmp(e->b, LLVMIntNE, v.re, whole(e, v.re, 0), "");
    if (kind_of(dtype) == 'c')
        v.im = splat(e, LLVMBuildExtractElement(e->b, x, LLVMConstInt(i32, 1, 0), ""));
    return v;
}

static void store_vector(struct emit *e, unsigned dtype, struct value v, LLVMValueRef at)
{
    LLVMTypeRef type = stored_type(e, dtype, e->width);
    LLVMValueRef x = v.re;
    if (kind_of(dtype) == 'b')
        x = LLVMBuildZExt(e->b, x, type, "");
    if (kind_of(dtype) == 'c')
        x = LLVMBuildShuffleVector(e->b, v.re, v.im, pattern(e, 2 * e->width, 0, 0, true), "");
    LLVMSetAlignment(LLVMBuildStore(e->b, x, at), 1);
}

/* ---- the function ---- */

/* What is known of an operand before the loop over a row. */
struct stream {
    LLVMValueRef base, step, row, more, row_more, ahead;
};
struct function {
    struct emit e;
    const struct da__chain *s;
    struct value *value;   /* arguments, then results */
    struct stream *stream; /* arguments, then outputs */
    LLVMTypeRef i64, i8, ptr;
    LLVMValueRef operand, nrows, n, row, i;
};

static unsigned dtype_of(const struct da__chain *s, int32_t operand)
{
    return operand < s->nargs ? s->arg[operand].dtype : s->insn[operand - s->nargs].result;
}

/* Field k, in units of eight bytes, of an operand. */
static LLVMValueRef field(struct function *f, int operand, unsigned k, LLVMTypeRef type)
{
    unsigned long long at = (unsigned long long)operand * sizeof(struct da__chain_operand) + 8 * k;
    LLVMValueRef offset = LLVMConstInt(f->i64, at, 0);
    LLVMValueRef p = LLVMBuildGEP2(f->e.b, f->i8, f->operand, &offset, 1, "");
    return LLVMBuildLoad2(f->e.b, type, p, "");
}

static LLVMValueRef times(struct function *f, LLVMValueRef a, LLVMValueRef b)
{
    return LLVMBuildMul(f->e.b, a, b, "");
}

static LLVMValueRef moved(struct function *f, LLVMValueRef base, LLVMValueRef by)
{
    return LLVMBuildGEP2(f->e.b, f->i8, base, &by, 1, "");
}

/* How far ahead a long row's memory is asked for, which then arrives earlier; 0: short rows have nothing there. */
static LLVMValueRef distance(struct function *f)
{
    enum { AHEAD_NBYTES = 2048, LONG = 512 };
    LLVMValueRef is_long =
        LLVMBuildICmp(f->e.b, LLVMIntSGE, f->n, LLVMConstInt(f->i64, LONG, 0), "");
    return LLVMBuildSelect(f->e.b, is_long, LLVMConstInt(f->i64, AHEAD_NBYTES, 0),
                           LLVMConstInt(f->i64, 0, 0), "");
}

/* Asks for the lines of the vector that is `m->ahead` bytes behind the one at `at`. */
static void ask_ahead(struct function *f, const struct stream *m, LLVMValueRef at, unsigned nbytes)
{
    enum { LINE = 64, READ = 0, ALL_LEVELS = 3, DATA = 1 };
    LLVMTypeRef i32 = LLVMInt32TypeInContext(f->e.context);
    unsigned id = LLVMLookupIntrinsicID("llvm.prefetch", strlen("llvm.prefetch"));
    LLVMValueRef fn = LLVMGetIntrinsicDeclaration(f->e.module, id, &f->ptr, 1);
    LLVMTypeRef type = LLVMIntrinsicGetType(f->e.context, id, &f->ptr, 1);
    for (unsigned line = 0; line < nbytes; line += LINE) {
        LLVMValueRef there = moved(f, moved(f, at, m->ahead), LLVMConstInt(f->i64, line, 0));
        LLVMValueRef arg[] = {there, LLVMConstInt(i32, READ, 0), LLVMConstInt(i32, ALL_LEVELS, 0),
                              LLVMConstInt(i32, DATA, 0)};
        LLVMBuildCall2(f->e.b, type, fn, arg, 4, "");
    }
}

static void read_operand(struct function *f, int k)
{
    struct stream *m = &f->stream[k];
    bool out = k >= f->s->nargs;
    m->base = field(f, k, 0, f->ptr);
    if (!out && f->s->arg[k].kind == DA__ARG_UNIFORM) {
        f->value[k] = load_uniform(&f->e, f->s->arg[k].dtype, m->base);
        return;
    }
    m->step = out ? LLVMConstInt(f->i64, nbytes_of(dtype_of(f->s, f->s->out[k - f->s->nargs])), 0)
                  : field(f, k, 1, f->i64);
    m->row = field(f, k, 2, f->i64);
    m->ahead = out ? NULL : distance(f);
    if (out ? k >= f->s->nargs + f->s->nouts - f->s->nsums : f->s->arg[k].kind == DA__ARG_INDEX) {
        m->more = field(f, k, 3, f->i64);
        m->row_more = field(f, k, 4, f->i64);
    }
}

static LLVMValueRef place(struct function *f, const struct stream *m)
{
    LLVMValueRef row = moved(f, m->base, times(f, f->row, m->row));
    return moved(f, row, times(f, f->i, m->step));
}

static void read_arg(struct function *f, int k, const struct stream *m)
{
    const struct da__chain_arg *arg = &f->s->arg[k];
    if (arg->kind == DA__ARG_UNIFORM)
        return;
    LLVMValueRef at = place(f, m);
    struct value v = load_vector(&f->e, arg->dtype, at);
    if (arg->kind == DA__ARG_ARRAY)
        ask_ahead(f, m, at, f->e.width * nbytes_of(arg->dtype));
    if (arg->kind == DA__ARG_INDEX) {
        LLVMValueRef more =
            LLVMBuildAdd(f->e.b, times(f, f->row, m->row_more), times(f, f->i, m->more), "");
        v.re = LLVMBuildAdd(f->e.b, v.re, splat(&f->e, more), "");
    }
    f->value[k] = v;
}

static struct value operate(struct function *f, const struct da__chain_insn *n)
{
    struct value x[3] = {f->value[n->arg[0]], f->value[n->arg[1]], f->value[n->arg[2]]};
    if (n->op == DA__OP_ASTYPE)
        return emit_cast(&f->e, n->compute, n->result, x[0]);
    struct value called = emit_block(&f->e, n->op, n->compute, x);
    if (called.re != NULL)
        return called;
    switch (kind_of(n->compute)) {
    case 'b':
        return emit_bool(&f->e, n->op, x);
    case 'f':
        return emit_float(&f->e, n->op, n->compute, x);
    case 'c':
        return emit_complex(&f->e, n->op, n->compute, x);
    default:
        return emit_int(&f->e, n->op, n->compute, x);
    }
}

/* To a result that may be a sum what is there is added, or nothing. */
static void add_vector(struct function *f, const struct stream *m, LLVMValueRef x)
{
    LLVMBuilderRef b = f->e.b;
    LLVMValueRef row = moved(f, m->base, times(f, f->row, m->row));
    LLVMValueRef at = moved(f, row, LLVMBuildAnd(b, times(f, f->i, m->step), m->more, ""));
    LLVMValueRef bits = load(&f->e, vector_of(&f->e, f->i64), at);
    LLVMValueRef kept = LLVMBuildAnd(b, bits, splat(&f->e, m->row_more), "");
    LLVMValueRef sum = LLVMBuildFAdd(b, LLVMBuildBitCast(b, kept, LLVMTypeOf(x), ""), x, "");
    LLVMSetAlignment(LLVMBuildStore(b, sum, at), 1);
}

static void emit_vector(struct function *f)
{
    const struct da__chain *s = f->s;
    for (int k = 0; k < s->nargs; k++)
        read_arg(f, k, &f->stream[k]);
    for (int k = 0; k < s->ninsns; k++)
        f->value[s->nargs + k] = operate(f, &s->insn[k]);
    for (int k = 0; k < s->nouts; k++) {
        const struct stream *m = &f->stream[s->nargs + k];
        if (k < s->nouts - s->nsums)
            store_vector(&f->e, dtype_of(s, s->out[k]), f->value[s->out[k]], place(f, m));
        else
            add_vector(f, m, f->value[s->out[k]].re);
    }
}

static LLVMBasicBlockRef block(struct function *f, const char *name)
{
    return LLVMAppendBasicBlockInContext(f->e.context, f->e.fn, name);
}

/* i = 0, width, … while vectors fit; the last one begins at n - width, also where that overlaps the one before. */
static LLVMBasicBlockRef emit_row(struct function *f, LLVMBasicBlockRef before)
{
    LLVMBuilderRef b = f->e.b;
    LLVMValueRef zero = LLVMConstInt(f->i64, 0, 0), width = LLVMConstInt(f->i64, f->e.width, 0);
    LLVMBasicBlockRef loop = block(f, "vector"), after = block(f, "row_end");
    LLVMBuildBr(b, loop);
    LLVMPositionBuilderAtEnd(b, loop);
    f->i = LLVMBuildPhi(b, f->i64, "i");
    emit_vector(f);
    LLVMValueRef next = LLVMBuildAdd(b, f->i, width, ""), last = LLVMBuildSub(b, f->n, width, "");
    LLVMValueRef more = LLVMBuildICmp(b, LLVMIntSLT, next, f->n, "");
    LLVMValueRef fits = LLVMBuildICmp(b, LLVMIntSLE, next, last, "");
    LLVMValueRef from = LLVMBuildSelect(b, fits, next, last, "");
    LLVMBuildCondBr(b, more, loop, after);
    LLVMAddIncoming(f->i, (LLVMValueRef[]){zero, from}, (LLVMBasicBlockRef[]){before, loop}, 2);
    LLVMPositionBuilderAtEnd(b, after);
    return after;
}

static void emit_rows(struct function *f, LLVMBasicBlockRef entry)
{
    LLVMBuilderRef b = f->e.b;
    LLVMBasicBlockRef head = block(f, "row"), end = block(f, "end");
    LLVMBuildBr(b, head);
    LLVMPositionBuilderAtEnd(b, head);
    f->row = LLVMBuildPhi(b, f->i64, "row");
    LLVMBasicBlockRef after = emit_row(f, head);
    LLVMValueRef next = LLVMBuildAdd(b, f->row, LLVMConstInt(f->i64, 1, 0), "");
    LLVMValueRef more = LLVMBuildICmp(b, LLVMIntSLT, next, f->nrows, "");
    LLVMBuildCondBr(b, more, head, end);
    LLVMAddIncoming(f->row, (LLVMValueRef[]){LLVMConstInt(f->i64, 0, 0), next},
                    (LLVMBasicBlockRef[]){entry, after}, 2);
    LLVMPositionBuilderAtEnd(b, end);
    LLVMBuildRetVoid(b);
}

static void set_attribute(struct function *f, const char *name, const char *value)
{
    LLVMAttributeRef a = LLVMCreateStringAttribute(f->e.context, name, (unsigned)strlen(name),
                                                   value, (unsigned)strlen(value));
    LLVMAddAttributeAtIndex(f->e.fn, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, a);
}

static void begin(struct function *f, const char *name)
{
    LLVMContextRef c = f->e.context;
    f->i8 = LLVMInt8TypeInContext(c);
    f->i64 = LLVMInt64TypeInContext(c);
    f->ptr = LLVMPointerTypeInContext(c, 0);
    f->e.module = LLVMModuleCreateWithNameInContext(name, c);
    f->e.b = LLVMCreateBuilderInContext(c);
    LLVMTypeRef type =
        LLVMFunctionType(LLVMVoidTypeInContext(c), (LLVMTypeRef[]){f->ptr, f->i64, f->i64}, 3, 0);
    f->e.fn = LLVMAddFunction(f->e.module, name, type);
    set_attribute(f, "prefer-vector-width", "512"); /* vectors are as wide as the emitter says */
    set_attribute(f, "min-legal-vector-width", "512");
    f->operand = LLVMGetParam(f->e.fn, 0);
    f->nrows = LLVMGetParam(f->e.fn, 1);
    f->n = LLVMGetParam(f->e.fn, 2);
}

size_t emit_room(const struct da__chain *s)
{
    return (size_t)(s->nargs + s->ninsns) * sizeof(struct value) +
           (size_t)(s->nargs + s->nouts) * sizeof(struct stream);
}

LLVMModuleRef emit_chain(const struct emit *with, const struct da__chain *s, const char *name,
                         void *room)
{
    struct function f = {.e = *with, .s = s, .value = room};
    f.stream = (struct stream *)(void *)(f.value + s->nargs + s->ninsns);
    memset(room, 0, emit_room(s));
    begin(&f, name);
    LLVMBasicBlockRef entry = block(&f, "entry");
    LLVMPositionBuilderAtEnd(f.e.b, entry);
    for (int k = 0; k < s->nargs + s->nouts; k++)
        read_operand(&f, k);
    emit_rows(&f, entry);
    LLVMDisposeBuilder(f.e.b);
    return f.e.module;
}
