/* Making a failing plan smaller while it still fails. */
#ifndef DA_TEST_SHRINK_H
#define DA_TEST_SHRINK_H

#include "run.h"

/* Replaces *p and *h by the smallest failing ones found and *f by how they fail. */
void shrink(struct plan *p, struct how *h, struct session *s, struct oracle *o, struct failure *f);

#endif
