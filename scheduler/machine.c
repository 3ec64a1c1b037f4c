/* The machine as text: what `da topo` shows. */
#include "da_scheduler.h"
#include "topology.h"

da_status da__runtime_machine(struct da__text *out, struct da__error *err)
{
    struct da__topology topology;
    DA_TRY(da__topology_read(&topology, err));
    char text[512];
    da__text_add(out, "%s\n", da__topology_text(&topology, text, sizeof text));
    da__topology_free(&topology);
    return out->failed ? da__fail(err, DA_ERR_MEMORY, "out of memory for the machine's description")
                       : DA_OK;
}
