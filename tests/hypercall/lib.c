// SPDX-License-Identifier: GPL-2.0
/* Console, machine, and calls with their parameters filled in. */
#include "payload.h"

u32 nr_ok, nr_not_ok, spare_used, ud_count;
u64 last_rcx;
u32 nr_cpus = 1;

/* ---- console ---- */

void outb(u16 port, u8 val) { asm volatile("outb %0, %1" : : "a"(val), "Nd"(port)); }

u8 inb(u16 port)
{
	u8 val;

	asm volatile("inb %1, %0" : "=a"(val) : "Nd"(port));
	return val;
}

void puts_port(u16 port, const char *s)
{
	while (*s)
		outb(port, *s++);
}

void put_hex(u16 port, u64 v)
{
	char digits[17];
	int i = 16;

	digits[i] = 0;
	do {
		digits[--i] = "0123456789abcdef"[v & 15];
		v >>= 4;
	} while (v);
	puts_port(port, digits + i);
}

static void check_line(u16 port, u64 got, u64 want, const char *what)
{
	puts_port(port, got == want ? "ok " : "not ok ");
	puts_port(port, what);
	if (got != want) {
		puts_port(port, ": got ");
		put_hex(port, got);
		puts_port(port, " want ");
		put_hex(port, want);
	}
	puts_port(port, "\n");
}

void check(u64 got, u64 want, const char *what)
{
	check_line(VERDICT, got, want, what);
	check_line(CONSOLE, got, want, what);
	if (got == want)
		nr_ok++;
	else
		nr_not_ok++;
}

void trap_fatal(void)
{
	puts_port(VERDICT, "not ok unexpected exception\nverdict fail\n");
	for (;;)
		asm volatile("cli; hlt");
}

/* ---- machine ---- */

u64 rdtsc(void)
{
	u32 lo, hi;

	asm volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (u64)hi << 32 | lo;
}

u64 rdmsr(u32 msr)
{
	u32 lo, hi;

	asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (u64)hi << 32 | lo;
}

void wrmsr(u32 msr, u64 val)
{
	asm volatile("wrmsr" : : "c"(msr), "a"((u32)val), "d"((u32)(val >> 32)) : "memory");
}

static struct { u16 off0, sel, type, off1; u32 off2, rsvd; } idt[LAST_VECTOR + 1] __attribute__((aligned(16)));

void trap_set(u32 vector, void *handler)
{
	u64 to = (u64)handler;

	idt[vector].off0 = to;
	idt[vector].off1 = to >> 16;
	idt[vector].off2 = to >> 32;
}

void traps_init(void)
{
	struct { u16 limit; u64 base; } __packed ptr = { sizeof(idt) - 1, (u64)idt };
	u16 cs;

	asm volatile("mov %%cs, %0" : "=r"(cs));
	for (u32 i = 0; i <= LAST_VECTOR; i++) {
		idt[i].sel = cs;
		idt[i].type = 0x8e00;
		trap_set(i, i == 6 ? trap_ud : i < FIRST_IRQ ? trap_other : trap_wake);
	}
	asm volatile("lidt %0" : : "m"(ptr));
}

/* An interrupt in a millisecond. */
void timer_arm(void)
{
	wrmsr(HV_MSR_STIMER0_CONFIG, WAKE_VECTOR << 4 | BIT(12) | BIT(3));
	wrmsr(HV_MSR_STIMER0_CONFIG + 1, rdmsr(HV_MSR_TIME_REF_COUNT) + 10000);
}

/* Until a message comes, or the timer: whatever else there is can run. */
void idle(void)
{
	timer_arm();
	asm volatile("sti; hlt; cli" : : : "memory");
}

/* ---- calls ---- */

u32 reps;		/* of the last call */

u16 call(u64 control)
{
	u64 result = vmmcall(control, IN, OUT);

	reps = (result >> 32) & 0xfff;
	/* Until it is done: a long one continues by itself, RCX moves. */
	return result;
}

u16 fast(u64 control, u64 a, u64 b)
{
	return vmmcall(control | HV_HYPERCALL_FAST, a, b);
}

u16 partition_call(u16 code, u64 id)
{
	return fast(code, id, 0);
}

u16 deposit(u64 id, u32 nr)
{
	u64 *p = in;

	p[0] = id;
	for (u32 i = 0; i < nr; i++)
		p[1 + i] = (SPARE >> 12) + spare_used++;
	return call(HVCALL_DEPOSIT_MEMORY | REPS(nr));
}

/* All that is free; what comes back is zero. */
u16 drain(u64 id, u32 *total)
{
	u64 *p = in, *o = out;
	u16 status;

	*total = 0;

	do {
		p[0] = id;
		p[1] = 0;
		status = call(HVCALL_WITHDRAW_MEMORY | REPS(16));
		*total += reps;
		for (u32 i = 0; i < reps; i++)
			if (*(u64 *)(o[i] << 12))
				check(*(u64 *)(o[i] << 12), 0, "withdrawn page is zero");
	} while (!status);
	return status;
}

u32 withdraw(u64 id)
{
	u32 total;

	check(drain(id, &total), HV_STATUS_NO_RESOURCES, "end of the drain");
	return total;
}

void balance(u64 id, u64 *avail, u64 *used)
{
	u64 *p = in, *o = out;

	p[0] = id;
	p[1] = 0;
	o[0] = o[1] = ~0ull;
	call(HVCALL_GET_MEMORY_BALANCE);
	*avail = o[0];
	*used = o[1];
}

u16 property_set(u64 id, u32 code, u64 value)
{
	struct hv_set_property_input *p = in;

	*p = (struct hv_set_property_input){ .partition_id = id, .property = code, .value = value };
	return call(HVCALL_SET_PARTITION_PROPERTY);
}

u16 property_get(u64 id, u32 code)
{
	struct hv_get_property_input *p = in;

	*p = (struct hv_get_property_input){ .partition_id = id, .property = code };
	return call(HVCALL_GET_PARTITION_PROPERTY);
}

u16 map(u64 id, u64 gfn, u64 source, u32 nr, u32 flags)
{
	struct hv_map_gpa_input *p = in;
	u64 *source_gfn = in + sizeof(*p);

	*p = (struct hv_map_gpa_input){ .partition_id = id, .base_gfn = gfn, .flags = flags };
	for (u32 i = 0; i < nr; i++)
		source_gfn[i] = source + i * (flags & HV_MAP_LARGE_PAGE ? 512 : 1);
	return call(HVCALL_MAP_GPA_PAGES | REPS(nr));
}

u16 unmap(u64 id, u64 gfn, u32 nr, u32 flags)
{
	struct hv_unmap_gpa_input *p = in;

	*p = (struct hv_unmap_gpa_input){ .partition_id = id, .base_gfn = gfn, .flags = flags };
	return call(HVCALL_UNMAP_GPA_PAGES | REPS(nr));
}

void reg_header(u64 id, u32 vp)
{
	struct hv_vp_registers_input *p = in;

	*p = (struct hv_vp_registers_input){ .partition_id = id, .vp_index = vp };
}

u16 reg_set(u64 id, u32 vp, u32 name, u64 low, u64 high)
{
	struct hv_register_assoc *e = in + 16;

	reg_header(id, vp);
	*e = (struct hv_register_assoc){ .name = name, .value = { low, high } };
	return call(HVCALL_SET_VP_REGISTERS | REPS(1));
}

u64 reg_get(u64 id, u32 vp, u32 name)
{
	reg_header(id, vp);
	*(u32 *)(in + 16) = name;
	return call(HVCALL_GET_VP_REGISTERS | REPS(1)) ? ~0ull : *(u64 *)out;
}

u16 create(u64 flags, u64 *id)
{
	struct hv_create_partition_input *p = in;
	u16 status;

	memset(p, 0, sizeof(*p));
	p->flags = flags;
	p->compatibility_version = 0x609;
	status = call(HVCALL_CREATE_PARTITION);
	*id = *(u64 *)out;
	return status;
}

u16 create_vp(u64 id, u32 index, u64 flags)
{
	struct hv_create_vp_input *p = in;

	*p = (struct hv_create_vp_input){ .partition_id = id, .vp_index = index, .flags = flags };
	return call(HVCALL_CREATE_VP);
}

u64 state_page(u64 id, u16 type, u16 *status)
{
	struct hv_map_state_page_input *p = in;

	*p = (struct hv_map_state_page_input){ .partition_id = id, .type = type };
	*status = call(HVCALL_MAP_VP_STATE_PAGE);
	return *(u64 *)out << 12;
}

u16 state_unpage(u64 id, u16 type)
{
	struct hv_unmap_state_page_input *p = in;

	*p = (struct hv_unmap_state_page_input){ .partition_id = id, .type = type };
	return call(HVCALL_UNMAP_VP_STATE_PAGE);
}

u16 stats(u16 code, u32 type, u64 low, u32 vp, u8 area)
{
	struct hv_stats_input *p = in;

	memset(p, 0, sizeof(*p));
	p->type = type;
	if (type == HV_STATS_LOGICAL_PROCESSOR)
		p->lp_index = low;
	else
		p->partition_id = low;
	if (type == HV_STATS_VP)
		p->vp_index = vp;
	p->area = area;
	return call(code);
}

u16 interrupt_assert(u64 id, u32 type, u32 control, u64 destination, u32 vector)
{
	struct hv_assert_interrupt_input *p = in;

	*p = (struct hv_assert_interrupt_input){ .partition_id = id, .type = type, .control = control,
						 .destination = destination, .vector = vector };
	return call(HVCALL_ASSERT_VIRTUAL_INTERRUPT);
}

u16 register_cpuid(u64 id, u32 leaf, u32 ebx)
{
	struct hv_intercept_result_input *p = in;

	memset(p, 0, sizeof(*p));
	p->partition_id = id;
	p->type = HV_INTERCEPT_X64_CPUID;
	p->cpuid.leaf = leaf;
	p->cpuid.always_override = 1;
	p->cpuid.reg[1].value = ebx;
	p->cpuid.reg[1].mask = ~0u;
	return call(HVCALL_REGISTER_INTERCEPT_RESULT);
}
