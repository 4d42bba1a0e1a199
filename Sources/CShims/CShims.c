#include "CShims.h"

static _Thread_local void *simulation;

void *CShims_simulation(void) { return simulation; }
void CShims_set_simulation(void *kernel) { simulation = kernel; }
