/* SPDX-License-Identifier: GPL-2.0 */
/* What the register page needs of the registers beside reg_get() and reg_set(). */
#ifndef REGISTER_H
#define REGISTER_H

#include "hc.h"

#define FXSAVE_XMM0	160u
#define XSTATE_BV	512u
#define RFLAGS_SETTABLE	(0x3fffffull & ~(BIT(3) | BIT(5) | BIT(15)))

/* ES CS SS DS FS GS LDTR TR: the order of the names. */
struct vmcb_seg *reg_segment(struct vp *vp, u32 n);
u64 reg_interrupt_state(const struct vp *vp);
void reg_cpl_update(struct vp *vp);	/* CR0, RFLAGS or SS have changed */
/* Of a VP that runs. A name that does not exist is left to reg_set(). */
bool reg_settable_while_running(u32 name);
/* What a root VP leaves on its LP: nobody else can get at it there. */
bool reg_on_processor(u32 name);

#endif
