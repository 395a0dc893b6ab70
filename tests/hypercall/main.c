// SPDX-License-Identifier: GPL-2.0
/*
 * A root partition that does nothing but call: each status the interface promises,
 * the accounting of pools, and the life of a child from creation to deletion. One
 * line for each check on both serial ports, and the verdict on the second.
 */
#include "../../hypervisor/hv_tlfs.h"
#include "../../hypervisor/string.h"

u64 vmmcall(u64 control, u64 in, u64 out);
void trap_ud(void);
void trap_other(void);
void trap_fatal(void);
void payload_main(void);
u32 ud_count;
u64 last_rcx;

extern const u8 child_start[], child_end[];
extern const u8 second_start[], second_handler[], second_end[];

#define IN		0x2000000ull	/* parameter pages, and memory to give away */
#define OUT		0x2001000ull
#define SPARE		0x2002000ull
#define SPARE_PAGES	512u
#define CHILD_RAM	0x2400000ull	/* 2 MiB-aligned */
#define CONSOLE		0x3f8
#define VERDICT		0x2f8

static u32 nr_ok, nr_not_ok, spare_used;
static u32 scheduler;		/* HV_SCHEDULER_* */

/* ---- console ---- */

static void outb(u16 port, u8 val) { asm volatile("outb %0, %1" : : "a"(val), "Nd"(port)); }

static void puts_port(u16 port, const char *s)
{
	while (*s)
		outb(port, *s++);
}

static void put_hex(u16 port, u64 v)
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

static void check(u64 got, u64 want, const char *what)
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

static u64 rdmsr(u32 msr)
{
	u32 lo, hi;

	asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (u64)hi << 32 | lo;
}

static void wrmsr(u32 msr, u64 val)
{
	asm volatile("wrmsr" : : "c"(msr), "a"((u32)val), "d"((u32)(val >> 32)) : "memory");
}

static struct { u16 off0, sel, type, off1; u32 off2, rsvd; } idt[32] __attribute__((aligned(16)));

static void traps_init(void)
{
	struct { u16 limit; u64 base; } __packed ptr = { sizeof(idt) - 1, (u64)idt };
	u16 cs;

	asm volatile("mov %%cs, %0" : "=r"(cs));
	for (u32 i = 0; i < 32; i++) {
		u64 to = i == 6 ? (u64)trap_ud : (u64)trap_other;

		idt[i].off0 = to;
		idt[i].sel = cs;
		idt[i].type = 0x8e00;
		idt[i].off1 = to >> 16;
		idt[i].off2 = to >> 32;
	}
	asm volatile("lidt %0" : : "m"(ptr));
}

/* ---- calls ---- */

#define REPS(n)		((u64)(n) << HV_HYPERCALL_REP_COUNT_SHIFT)
#define START(n)	((u64)(n) << HV_HYPERCALL_REP_START_SHIFT)
#define VAR(n)		((u64)(n) << HV_HYPERCALL_VARHEAD_SHIFT)

static void *const in = (void *)IN;
static void *const out = (void *)OUT;
static u32 reps;		/* of the last call */

static u16 call(u64 control)
{
	u64 result = vmmcall(control, IN, OUT);

	reps = (result >> 32) & 0xfff;
	/* Until it is done: a long one continues by itself, RCX moves. */
	return result;
}

static u16 fast(u64 control, u64 a, u64 b)
{
	return vmmcall(control | HV_HYPERCALL_FAST, a, b);
}

static u16 partition_call(u16 code, u64 id)
{
	return fast(code, id, 0);
}

static u16 deposit(u64 id, u32 nr)
{
	u64 *p = in;

	p[0] = id;
	for (u32 i = 0; i < nr; i++)
		p[1 + i] = (SPARE >> 12) + spare_used++;
	return call(HVCALL_DEPOSIT_MEMORY | REPS(nr));
}

/* All that is free; what comes back is zero. */
static u16 drain(u64 id, u32 *total)
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

static u32 withdraw(u64 id)
{
	u32 total;

	check(drain(id, &total), HV_STATUS_NO_RESOURCES, "end of the drain");
	return total;
}

static void balance(u64 id, u64 *avail, u64 *used)
{
	u64 *p = in, *o = out;

	p[0] = id;
	p[1] = 0;
	o[0] = o[1] = ~0ull;
	call(HVCALL_GET_MEMORY_BALANCE);
	*avail = o[0];
	*used = o[1];
}

static u16 property_set(u64 id, u32 code, u64 value)
{
	struct hv_set_property_input *p = in;

	*p = (struct hv_set_property_input){ .partition_id = id, .property = code, .value = value };
	return call(HVCALL_SET_PARTITION_PROPERTY);
}

static u16 property_get(u64 id, u32 code)
{
	struct hv_get_property_input *p = in;

	*p = (struct hv_get_property_input){ .partition_id = id, .property = code };
	return call(HVCALL_GET_PARTITION_PROPERTY);
}

static u16 map(u64 id, u64 gfn, u64 source, u32 nr, u32 flags)
{
	struct hv_map_gpa_input *p = in;
	u64 *source_gfn = in + sizeof(*p);

	*p = (struct hv_map_gpa_input){ .partition_id = id, .base_gfn = gfn, .flags = flags };
	for (u32 i = 0; i < nr; i++)
		source_gfn[i] = source + i * (flags & HV_MAP_LARGE_PAGE ? 512 : 1);
	return call(HVCALL_MAP_GPA_PAGES | REPS(nr));
}

static u16 unmap(u64 id, u64 gfn, u32 nr, u32 flags)
{
	struct hv_unmap_gpa_input *p = in;

	*p = (struct hv_unmap_gpa_input){ .partition_id = id, .base_gfn = gfn, .flags = flags };
	return call(HVCALL_UNMAP_GPA_PAGES | REPS(nr));
}

static void reg_header(u64 id, u32 vp)
{
	struct hv_vp_registers_input *p = in;

	*p = (struct hv_vp_registers_input){ .partition_id = id, .vp_index = vp };
}

static u16 reg_set(u64 id, u32 vp, u32 name, u64 low, u64 high)
{
	struct hv_register_assoc *e = in + 16;

	reg_header(id, vp);
	*e = (struct hv_register_assoc){ .name = name, .value = { low, high } };
	return call(HVCALL_SET_VP_REGISTERS | REPS(1));
}

static u64 reg_get(u64 id, u32 vp, u32 name)
{
	reg_header(id, vp);
	*(u32 *)(in + 16) = name;
	return call(HVCALL_GET_VP_REGISTERS | REPS(1)) ? ~0ull : *(u64 *)out;
}

/* ---- checks ---- */

static void rep_checks(void)
{
	u64 *p = in, avail, used;

	p[0] = ~0ull;
	p[1] = ~0ull;
	p[2] = (SPARE >> 12) + spare_used++;
	p[3] = ~0ull;
	check(call(HVCALL_DEPOSIT_MEMORY | REPS(3) | START(1)), HV_STATUS_OPERATION_DENIED, "an element that is no page");
	check(reps, 2, "reps completed count from element 0");
	check(withdraw(~0ull), 1, "one page came back");
	check(fast(HVCALL_DEPOSIT_MEMORY | REPS(1), ~0ull, (SPARE >> 12) + spare_used++), 0, "a rep call that is fast");
	balance(~0ull, &avail, &used);
	check(avail, 1, "it took a page");
	check(withdraw(1), 1, "and gives it back");
}

static void entry_checks(void)
{
	u64 *p = in;

	fast(HVCALL_GET_PARTITION_ID, 0, 0);
	check(ud_count, 1, "#UD while the interface is not enabled");
	wrmsr(HV_MSR_HYPERCALL, rdmsr(HV_MSR_HYPERCALL) | HV_OVERLAY_ENABLE);
	check(rdmsr(HV_MSR_HYPERCALL) & 1, 0, "the page stays disabled without a guest OS ID");
	wrmsr(HV_MSR_GUEST_OS_ID, 0x8100ull << 48);
	wrmsr(HV_MSR_HYPERCALL, rdmsr(HV_MSR_HYPERCALL) | HV_OVERLAY_ENABLE);
	check(rdmsr(HV_MSR_HYPERCALL) & 1, 1, "the page is enabled");
	check(call(HVCALL_GET_PARTITION_ID), 0, "GetPartitionId");
	check(*(u64 *)out, 1, "the root is partition 1");
	check(ud_count, 1, "no further #UD");

	check(call(0x3fff), HV_STATUS_INVALID_HYPERCALL_CODE, "unknown code");
	check(call(HVCALL_GET_PARTITION_ID | BIT(27)), HV_STATUS_INVALID_HYPERCALL_INPUT, "reserved bit 27");
	check(call(HVCALL_GET_PARTITION_ID | BIT(31)), HV_STATUS_INVALID_HYPERCALL_INPUT, "nested bit");
	check(call(HVCALL_GET_PARTITION_ID | BIT(47)), HV_STATUS_INVALID_HYPERCALL_INPUT, "reserved bit 47");
	check(call(HVCALL_GET_PARTITION_ID | BIT(63)), HV_STATUS_INVALID_HYPERCALL_INPUT, "reserved bit 63");
	check(call(HVCALL_GET_PARTITION_ID | REPS(1)), HV_STATUS_INVALID_HYPERCALL_INPUT, "reps of a simple call");
	check(call(HVCALL_GET_PARTITION_ID | START(1)), HV_STATUS_INVALID_HYPERCALL_INPUT, "rep start of a simple call");
	check(call(HVCALL_GET_PARTITION_ID | VAR(1)), HV_STATUS_INVALID_HYPERCALL_INPUT, "variable header not allowed");
	check(call(HVCALL_DEPOSIT_MEMORY), HV_STATUS_INVALID_HYPERCALL_INPUT, "rep call without reps");
	check(call(HVCALL_DEPOSIT_MEMORY | REPS(2) | START(2)), HV_STATUS_INVALID_HYPERCALL_INPUT, "start not below count");
	check(fast(HVCALL_GET_PARTITION_ID, 0, 0), HV_STATUS_INVALID_HYPERCALL_INPUT, "fast with output");
	check(fast(HVCALL_CREATE_VP, 0, 0), HV_STATUS_INVALID_HYPERCALL_INPUT, "fast with too much input");
	check((u16)vmmcall(HVCALL_INITIALIZE_PARTITION, IN + 4, 0), HV_STATUS_INVALID_ALIGNMENT, "misaligned input");
	check((u16)vmmcall(HVCALL_GET_PARTITION_ID, 0, OUT + 1), HV_STATUS_INVALID_ALIGNMENT, "misaligned output");
	check((u16)vmmcall(HVCALL_CREATE_VP, IN + 4096 - 32, 0), HV_STATUS_INVALID_ALIGNMENT, "input crosses a page");
	check((u16)vmmcall(HVCALL_GET_PARTITION_ID, 0, 1ull << 52), HV_STATUS_INVALID_ALIGNMENT, "output beyond the space");
	check((u16)vmmcall(HVCALL_GET_PARTITION_ID, 0, 0xfed00000), HV_STATUS_INVALID_HYPERCALL_INPUT, "output not in RAM");
	p[0] = 0;
	check((u16)vmmcall(HVCALL_GET_MEMORY_BALANCE, IN, IN + 8), HV_STATUS_INVALID_HYPERCALL_INPUT, "lists overlap");
	check(partition_call(HVCALL_INITIALIZE_PARTITION, 0), HV_STATUS_INVALID_PARTITION_ID, "partition 0");
	check(partition_call(HVCALL_INITIALIZE_PARTITION, 99), HV_STATUS_INVALID_PARTITION_ID, "no such partition");
	check(partition_call(HVCALL_INITIALIZE_PARTITION, 1), HV_STATUS_ACCESS_DENIED, "the root cannot be initialized");
	check(partition_call(HVCALL_FINALIZE_PARTITION, ~0ull), HV_STATUS_ACCESS_DENIED, "SELF cannot be finalized");
}

static void system_checks(void)
{
	struct hv_get_system_property_input *g = in;
	u32 *word = in;

	*g = (struct hv_get_system_property_input){ .property = HV_SYSTEM_PROPERTY_SCHEDULER_TYPE };
	check(call(HVCALL_GET_SYSTEM_PROPERTY), 0, "scheduler type");
	scheduler = *(u32 *)out;
	check(scheduler == HV_SCHEDULER_LP || scheduler == HV_SCHEDULER_ROOT, 1, "it is one of two");
	g->property = 999;
	check(call(HVCALL_GET_SYSTEM_PROPERTY), HV_STATUS_UNKNOWN_PROPERTY, "unknown system property");
	*word = 0;
	check(call(HVCALL_GET_LOGICAL_PROCESSOR_RUN_TIME), 0, "LP 0 is there");
	*word = 40;
	check(call(HVCALL_GET_LOGICAL_PROCESSOR_RUN_TIME), HV_STATUS_INVALID_LP_INDEX, "LP 40 is not");
	*word = 5;
	check(call(HVCALL_ENTER_SLEEP_STATE), HV_STATUS_OPERATION_DENIED, "S5 without registration");
	check(property_get(~0ull, HV_PROPERTY_PROCESSOR_FEATURES0), 0, "root's features");
	check(property_get(~0ull, 0x77777), HV_STATUS_UNKNOWN_PROPERTY, "unknown property");
}

static u16 lp_add(u32 index, u32 apic_id, u32 domain, u32 flags)
{
	struct hv_add_lp_input *p = in;

	*p = (struct hv_add_lp_input){ .lp_index = index, .apic_id = apic_id, .proximity = { domain, flags } };
	return call(HVCALL_ADD_LOGICAL_PROCESSOR);
}

static u16 root_vp_create(u32 index, u64 lp, u8 subnode_type, u64 subnode_id)
{
	struct hv_create_vp_input *p = in;

	*p = (struct hv_create_vp_input){ .partition_id = ~0ull, .vp_index = index, .flags = lp,
					  .subnode_type = subnode_type, .subnode_id = subnode_id };
	return call(HVCALL_CREATE_VP);
}

static void lp_checks(void)
{
	check(lp_add(0, 0, 0, 0), HV_STATUS_INVALID_LP_INDEX, "LP 0 is taken");
	check(lp_add(1, 0, 0, 0), HV_STATUS_INVALID_PARAMETER, "its processor too");
	check(lp_add(1, 77, 0, 0), HV_STATUS_PROCESSOR_STARTUP_TIMEOUT, "a processor that is not there");
	check(lp_add(1, 1, 0, HV_PROXIMITY_VALID | BIT(3)), HV_STATUS_INVALID_PARAMETER, "reserved bit of its proximity");
	check(lp_add(1, 1, 7, HV_PROXIMITY_VALID), HV_STATUS_INVALID_PROXIMITY_DOMAIN_INFO, "a domain that is not there");
	check(lp_add(1, 1, 7, HV_PROXIMITY_VALID | HV_PROXIMITY_PREFERRED), HV_STATUS_INVALID_PROXIMITY_DOMAIN_INFO,
	      "not even preferred");
	check(lp_add(1, 1, 0, HV_PROXIMITY_VALID | HV_PROXIMITY_PREFERRED), 0, "AddLogicalProcessor");
	check(lp_add(1, 1, 0, 0), HV_STATUS_INVALID_LP_INDEX, "a second time");
	check(root_vp_create(1, 1, 4, 0), HV_STATUS_INVALID_PARAMETER, "unknown subnode type");
	check(root_vp_create(1, 1, HV_SUBNODE_SOCKET, 99), HV_STATUS_INVALID_PARAMETER, "a socket that its LP is not in");
	check(root_vp_create(1, 1, 0, 99), HV_STATUS_INSUFFICIENT_MEMORY, "a subnode without type does not count");
	deposit(~0ull, 4);
	check(root_vp_create(1, 1, 0, 99), 0, "the root's second VP");
	check(root_vp_create(2, 1, 0, 0), HV_STATUS_INVALID_PARAMETER, "its LP has one already");
}

#define DEVICE	(BIT(62) | 0x18)	/* PCI 00:03.0 */

static u16 interrupt_map(u64 device, u32 vector, u32 vp)
{
	struct hv_map_interrupt_input *p = in;
	u64 *set = in + sizeof(*p);

	memset(p, 0, sizeof(*p));
	p->partition_id = 1;
	p->device_id = device;
	p->vector_count = 1;
	p->target.vector = vector;
	p->target.flags = HV_TARGET_PROCESSOR_SET;
	set[0] = 1;
	set[1] = 1ull << vp;
	return call(HVCALL_MAP_DEVICE_INTERRUPT | VAR(2));
}

static u16 interrupt_unmap(u64 device, const struct hv_interrupt_entry *entry)
{
	struct hv_unmap_interrupt_input *p = in;

	memset(p, 0, sizeof(*p));
	p->partition_id = 1;
	p->device_id = device;
	p->entry = *entry;
	return call(HVCALL_UNMAP_DEVICE_INTERRUPT);
}

static void interrupt_checks(void)
{
	static const u8 reserved[] = { 0x0f, 0x1f, 0x29, 0x2c, 0x2d, 0x2f, 0xd2 };
	struct hv_interrupt_entry entry;

	for (u32 i = 0; i < sizeof(reserved); i++)
		check(interrupt_map(DEVICE, reserved[i], 0), HV_STATUS_INVALID_PARAMETER, "reserved vector");
	check(interrupt_map(DEVICE, 0x141, 0), HV_STATUS_INVALID_PARAMETER, "vector too large");
	check(interrupt_map(DEVICE, 0x41, 63), HV_STATUS_INVALID_VP_INDEX, "a VP that is not there");
	check(interrupt_map(DEVICE | BIT(55), 0x41, 0), HV_STATUS_INVALID_DEVICE_ID, "reserved bit of the device ID");
	check(interrupt_map(5, 0x41, 0), HV_STATUS_INVALID_DEVICE_ID, "a logical device");
	check(interrupt_map(DEVICE, 0x41, 0), 0, "MapDeviceInterrupt");
	entry = *(struct hv_interrupt_entry *)out;
	check(entry.source, HV_INTERRUPT_SOURCE_MSI, "an MSI entry");
	check(entry.msi.address >> 20, 0xfee, "its address");
	check(interrupt_map(DEVICE, 0x41, 0), HV_STATUS_OPERATION_DENIED, "mapped already");
	entry.msi.data ^= 1;
	check(interrupt_unmap(DEVICE, &entry) != 0, 1, "unmap of another entry");
	entry.msi.data ^= 1;
	check(interrupt_unmap(DEVICE, &entry), 0, "UnmapDeviceInterrupt");
	check(interrupt_unmap(DEVICE, &entry) != 0, 1, "a second time");
}

static u16 create(u64 flags, u64 *id)
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

#define FLAGS	(HV_PARTITION_CREATION_FLAG_EXO_PARTITION | HV_PARTITION_CREATION_FLAG_INTERCEPT_MESSAGE_PAGE_ENABLED | \
		 HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED | HV_PARTITION_CREATION_FLAG_GPA_SUPER_PAGES_ENABLED)

static u64 partition_checks(void)
{
	u64 id, avail, used, *p = in;

	check(create(BIT(40), &id), HV_STATUS_INVALID_PARAMETER, "unknown creation flag");
	check(create(FLAGS, &id), HV_STATUS_INSUFFICIENT_MEMORY, "CreatePartition with an empty pool");
	check(deposit(~0ull, 2), 0, "deposit to the root");
	check(reps, 2, "two pages taken");
	check(create(FLAGS, &id), 0, "CreatePartition");
	check(id, 2, "the first child is partition 2");
	check(partition_call(HVCALL_FINALIZE_PARTITION, id), HV_STATUS_INVALID_PARTITION_STATE, "finalize before init");
	check(property_set(id, HV_PROPERTY_TIME_FREEZE, 1), HV_STATUS_INVALID_PARTITION_STATE, "normal property before init");
	check(property_set(id, HV_PROPERTY_SYNTHETIC_PROC_FEATURES, 0x06400ffb), 0, "synthetic features");
	check(property_set(id, HV_PROPERTY_SYNTHETIC_PROC_FEATURES, BIT(61)), HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE,
	      "synthetic feature that is not assignable");
	check(partition_call(HVCALL_INITIALIZE_PARTITION, id), HV_STATUS_INSUFFICIENT_MEMORY, "init without memory");
	balance(id, &avail, &used);
	check(avail + used, 0, "nothing changed");
	check(deposit(id, 20), 0, "deposit to the child");
	p[0] = id;
	p[1] = (SPARE >> 12) + spare_used;
	p[2] = p[1] - 1;
	spare_used++;
	check(call(HVCALL_DEPOSIT_MEMORY | REPS(2)), HV_STATUS_OPERATION_DENIED, "a page that is in a pool already");
	check(reps, 1, "the one before it is taken");
	check((u16)vmmcall(HVCALL_INITIALIZE_PARTITION, (SPARE + 8192), 0), HV_STATUS_INVALID_HYPERCALL_INPUT,
	      "parameters in a deposited page");
	check(partition_call(HVCALL_INITIALIZE_PARTITION, id), 0, "InitializePartition");
	check(partition_call(HVCALL_INITIALIZE_PARTITION, id), HV_STATUS_INVALID_PARTITION_STATE, "a second time");
	check(partition_call(HVCALL_DELETE_PARTITION, id), HV_STATUS_INVALID_PARTITION_STATE, "delete while active");
	check(property_set(id, HV_PROPERTY_SYNTHETIC_PROC_FEATURES, 0), HV_STATUS_INVALID_PARTITION_STATE,
	      "early property after init");
	check(property_set(id, HV_PROPERTY_UNIMPLEMENTED_MSR_ACTION, 2), HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE,
	      "value out of range");
	check(property_set(id, HV_PROPERTY_UNIMPLEMENTED_MSR_ACTION, 1), 0, "UnimplementedMsrAction");
	check(property_set(id, HV_PROPERTY_PROCESSOR_VENDOR, 0), HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE, "read-only property");
	return id;
}

#define RWX	(HV_MAP_READABLE | HV_MAP_WRITABLE | HV_MAP_EXECUTABLE)

static void map_checks(u64 id)
{
	u64 ram = CHILD_RAM >> 12;

	check(map(id, 0, ram, 1, 2), HV_STATUS_INVALID_PARAMETER, "writable without readable");
	check(map(id, 0, ram, 1, RWX | BIT(9)), HV_STATUS_INVALID_PARAMETER, "reserved map flag");
	check(map(id, 0, ram, 1, RWX | HV_MAP_ONES), HV_STATUS_INVALID_PARAMETER, "shared page of ones");
	check(map(id, 1ull << 40, ram, 1, RWX), HV_STATUS_INVALID_PARAMETER, "beyond the child's space");
	check(map(id, 1, ram, 1, RWX | HV_MAP_LARGE_PAGE), HV_STATUS_INVALID_PARAMETER, "large page misaligned");
	check(map(id, 512, ram + 1, 1, RWX | HV_MAP_LARGE_PAGE), HV_STATUS_INVALID_PARAMETER, "large source misaligned");
	check(map(id, 0, (SPARE >> 12) + spare_used - 1, 1, RWX), HV_STATUS_OPERATION_DENIED, "source in a pool");
	check(map(id, 0, 0xfed00, 1, RWX), HV_STATUS_OPERATION_DENIED, "source that is no RAM");
	check(map(1, ram, ram + 1, 1, RWX), HV_STATUS_ACCESS_DENIED, "root on itself, not identity");
	check(unmap(1, ram, 1, 0), HV_STATUS_ACCESS_DENIED, "unmap of the root");
	check(map(id, 512, ram, 1, RWX | HV_MAP_LARGE_PAGE), 0, "large page");
	check(unmap(id, 513, 1, HV_UNMAP_LARGE_PAGE), HV_STATUS_INVALID_PARAMETER, "large unmap misaligned");
	check(unmap(id, 512, 1, HV_UNMAP_LARGE_PAGE), 0, "large unmap");
	check(map(id, 512, ram, 400, RWX), 0, "400 pages");
	check(reps, 400, "all of them");
	check((last_rcx >> 48) & 0xfff, 384, "continued in between");
	check(unmap(id, 512, 1, HV_UNMAP_LARGE_PAGE), HV_STATUS_INVALID_PARAMETER, "large unmap partly covered");
	check(unmap(id, 500, 512, 0), 0, "unmap, mapped or not");
	check(reps, 512, "all of them");
	check(map(id, 0, ram, 1, RWX), 0, "child's first page");
	check(map(id, 4, ram + 4, 1, HV_MAP_READABLE), 0, "a page to read only");
	check(map(id, 5, 0, 1, HV_MAP_NO_ACCESS), 0, "a page without access");
	*(u64 *)in = id;
	*(u64 *)(in + 8) = ram;
	check(call(HVCALL_DEPOSIT_MEMORY | REPS(1)), HV_STATUS_OPERATION_DENIED, "deposit of a page that a child sees");
}

static u16 create_vp(u64 id, u32 index, u64 flags)
{
	struct hv_create_vp_input *p = in;

	*p = (struct hv_create_vp_input){ .partition_id = id, .vp_index = index, .flags = flags };
	return call(HVCALL_CREATE_VP);
}

static u64 state_page(u64 id, u16 type, u16 *status)
{
	struct hv_map_state_page_input *p = in;

	*p = (struct hv_map_state_page_input){ .partition_id = id, .type = type };
	*status = call(HVCALL_MAP_VP_STATE_PAGE);
	return *(u64 *)out << 12;
}

static u16 state_unpage(u64 id, u16 type)
{
	struct hv_unmap_state_page_input *p = in;

	*p = (struct hv_unmap_state_page_input){ .partition_id = id, .type = type };
	return call(HVCALL_UNMAP_VP_STATE_PAGE);
}

static volatile u64 *counters;		/* of the child's VP */

static u16 stats(u16 code, u32 type, u64 low, u32 vp, u8 area)
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

#define MAP	HVCALL_MAP_STATS_PAGE
#define UNMAP	HVCALL_UNMAP_STATS_PAGE

static void stats_checks(u64 id)
{
	check(stats(MAP, 77, 0, 0, 0), HV_STATUS_INVALID_PARAMETER, "unknown statistics object");
	check(stats(MAP, HV_STATS_HYPERVISOR, 0, 0, 0), 0, "the hypervisor's page");
	counters = (void *)(*(u64 *)out << 12);
	check(counters[HV_COUNTER_LOGICAL_PROCESSORS] > 0, 1, "its number of processors");
	check(stats(MAP, HV_STATS_HYPERVISOR, 0, 0, 0), HV_STATUS_OPERATION_DENIED, "a second time");
	check(stats(UNMAP, HV_STATS_HYPERVISOR, 0, 0, 0), 0, "unmapped");
	check(stats(UNMAP, HV_STATS_HYPERVISOR, 0, 0, 0), HV_STATUS_OPERATION_DENIED, "a second time");
	check(stats(MAP, HV_STATS_LOGICAL_PROCESSOR, 50, 0, 0), HV_STATUS_INVALID_PARAMETER, "an LP that is not there");
	check(stats(MAP, HV_STATS_VP, id, 3, 0), HV_STATUS_INVALID_VP_INDEX, "a VP that is not there");
	check(stats(MAP, HV_STATS_VP, id, 0, 2), HV_STATUS_INVALID_PARAMETER, "area INTERNAL");
	check(stats(MAP, HV_STATS_VP, id, 0, 0), 0, "the VP's page");
	counters = (void *)(*(u64 *)out << 12);
	check(stats(MAP, HV_STATS_VP, id, 0, 1), HV_STATUS_INSUFFICIENT_MEMORY, "the caller's pool is charged");
}

static struct hv_register_page *regs;
static struct hv_message *msg;

static void vp_checks(u64 id)
{
	u16 status;

	check(create_vp(id, 0, 1), HV_STATUS_INVALID_PARAMETER, "flags of a child VP");
	check(create_vp(id, 100000, 0), HV_STATUS_INVALID_VP_INDEX, "VP index too large");
	check(create_vp(id, 0, 0), 0, "CreateVp");
	check(create_vp(id, 0, 0), HV_STATUS_INVALID_VP_INDEX, "the same again");
	check(create_vp(1, 7, 40), HV_STATUS_INVALID_PARAMETER, "root VP on an LP that is not there");
	regs = (void *)state_page(id, HV_STATE_PAGE_REGISTERS, &status);
	check(status, 0, "register page");
	check(regs->isvalid, 1, "it is valid before the first run");
	check(regs->rip, 0xfff0, "it shows the reset state");
	msg = (void *)state_page(id, HV_STATE_PAGE_INTERCEPT, &status);
	check(status, 0, "intercept page");
	state_page(id, HV_STATE_PAGE_INTERCEPT, &status);
	check(status, HV_STATUS_OPERATION_DENIED, "a second time");
	check(reg_get(id, 0, HV_REG_EXPLICIT_SUSPEND), 1, "suspended from birth");
	check(reg_get(id, 0, HV_REG_RIP), 0xfff0, "RIP at reset");
	check(reg_set(id, 0, 0x12345, 0, 0), HV_STATUS_INVALID_PARAMETER, "unknown register");
	check(reg_set(id, 0, HV_REG_VP_INDEX, 0, 0), HV_STATUS_INVALID_PARAMETER, "read-only register");
	check(reg_set(id, 0, HV_REG_CR8, 16, 0), HV_STATUS_INVALID_REGISTER_VALUE, "CR8 too wide");
	check(reg_set(id, 0, HV_REG_INTERCEPT_SUSPEND, 1, 0), HV_STATUS_INVALID_REGISTER_VALUE, "InterceptSuspend cannot be set");
	check(reg_set(id, 9, HV_REG_RIP, 0, 0), HV_STATUS_INVALID_VP_INDEX, "no such VP");
	check(reg_set(id, 0, HV_REG_XMM0 + 3, 0x1122334455667788, 0x99aabbccddeeff00), 0, "XMM3 set");
	check(reg_get(id, 0, HV_REG_XMM0 + 3), 0x1122334455667788, "XMM3 read back");
	check(*(u64 *)(out + 8), 0x99aabbccddeeff00, "its upper half");
	check(reg_set(id, 0, HV_REG_XMM_CONTROL_STATUS, 0, 0xffff0000ull << 16 | BIT(20)), HV_STATUS_INVALID_REGISTER_VALUE,
	      "MXCSR with a reserved bit");
}

static u16 register_cpuid(u64 id, u32 leaf, u32 ebx)
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

static void doorbell_make(u64 id)
{
	struct hv_create_port_input *p = in;
	struct hv_connect_port_input *n = in;

	check(withdraw(1), 0, "the root's pool is empty");
	memset(p, 0, sizeof(*p));
	p->port_partition = 1;
	p->port_id = 5;
	p->connection_partition = id;
	p->info.type = HV_PORT_DOORBELL;
	p->info.target_sint = 5;
	p->info.target_vp = HV_ANY_VP;
	check(call(HVCALL_CREATE_PORT), HV_STATUS_INSUFFICIENT_MEMORY, "CreatePort without memory in the root");
	check(deposit(1, 1), 0, "deposit to the root");
	memset(p, 0, sizeof(*p));
	p->port_partition = 1;
	p->port_id = 5;
	p->connection_partition = id;
	p->info.type = HV_PORT_DOORBELL;
	p->info.target_sint = 5;
	p->info.target_vp = HV_ANY_VP;
	check(call(HVCALL_CREATE_PORT), 0, "CreatePort");
	check(call(HVCALL_CREATE_PORT), HV_STATUS_INVALID_PORT_ID, "the same port ID");
	memset(n, 0, sizeof(*n));
	n->connection_partition = id;
	n->connection_id = 5;
	n->port_partition = 1;
	n->port_id = 6;
	n->info.type = HV_PORT_DOORBELL;
	n->info.gpa = 0x3000;
	n->info.flags = HV_DOORBELL_ANY_VALUE;
	check(call(HVCALL_CONNECT_PORT), HV_STATUS_INVALID_PORT_ID, "no such port");
	n->port_id = 5;
	check(call(HVCALL_CONNECT_PORT), 0, "ConnectPort");
	n->connection_id = 6;
	check(call(HVCALL_CONNECT_PORT), HV_STATUS_INVALID_PORT_ID, "a second connection");
}

static volatile struct hv_message *slot;
static volatile struct hv_event_ring *ring;

static void synic_on(void)
{
	wrmsr(HV_MSR_SIMP, rdmsr(HV_MSR_SIMP) | 1);
	wrmsr(HV_MSR_SIRBP, rdmsr(HV_MSR_SIRBP) | 1);
	wrmsr(HV_MSR_SINT0 + 5, 0x30 | HV_SINT_AS_INTERCEPT | HV_SINT_MASKED);
	wrmsr(HV_MSR_SCONTROL, 1);
	slot = (void *)(rdmsr(HV_MSR_SIMP) & ~0xfffull);
	ring = (void *)((rdmsr(HV_MSR_SIRBP) & ~0xfffull) + 5 * 256);
}

/* Busy: interrupts are off in this root. */
static u32 message_wait(void)
{
	for (u32 i = 0; i < 200000000; i++) {
		u32 type = slot->message_type;

		if (type)
			return type;
		asm volatile("pause");
	}
	return 0;
}

static void message_done(void)
{
	slot->message_type = 0;
	__sync_synchronize();
	if (slot->flags & 1)
		wrmsr(HV_MSR_EOM, 0);
}

/* ---- running the child, under either scheduler ---- */

static bool dispatched_before;
static u32 dispatch_flags;

/* State << 16 | event, or the status with bit 31. */
static u32 dispatch(u64 id, u64 slice)
{
	struct hv_dispatch_vp_input *p = in;
	struct hv_dispatch_vp_output *o = out;
	u16 status;

	*p = (struct hv_dispatch_vp_input){ .partition_id = id, .flags = dispatch_flags, .time_slice = slice };
	status = call(HVCALL_DISPATCH_VP);
	dispatch_flags = 0;
	return status ? 1u << 31 | status : o->state << 16 | o->event;
}

#define BLOCKED_SUSPEND		(HV_DISPATCH_STATE_BLOCKED << 16 | HV_DISPATCH_EVENT_SUSPEND)
#define READY_INTERCEPT		(HV_DISPATCH_STATE_READY << 16 | HV_DISPATCH_EVENT_INTERCEPT)
#define READY_NONE		(HV_DISPATCH_STATE_READY << 16)

/* The first dispatch finds the VP suspended; clearing that is answered by a signal. */
static void dispatch_first(u64 id)
{
	const volatile struct hv_signal_pair_message *pair = (void *)slot->payload;

	check(dispatch(id, 0), BLOCKED_SUSPEND, "first dispatch: suspended");
	check(counters[HV_COUNTER_VP_DISPATCH_BLOCKED] != 0, 1, "the counter says blocked");
	check(reg_set(id, 0, HV_REG_EXPLICIT_SUSPEND, 0, 0), 0, "ExplicitSuspend cleared");
	check(message_wait(), HVMSG_SCHEDULER_VP_SIGNAL_PAIR, "scheduler signal");
	check(pair->vp_count << 16 | pair->partition_id[0] << 8 | pair->vp_index[0], 1 << 16 | id << 8, "it names the VP");
	check(counters[HV_COUNTER_VP_DISPATCH_BLOCKED], 0, "no longer blocked by then");
	message_done();
	check(reg_get(id, 0, HV_REG_VP_ROOT_SIGNAL_COUNT), 1, "and is counted");
	dispatched_before = true;
}

static void run_root_scheduler(u64 id)
{
	u32 got;

	if (!dispatched_before)
		dispatch_first(id);
	else
		dispatch_flags = HV_DISPATCH_CLEAR_INTERCEPT_SUSPEND;
	do
		got = dispatch(id, 0);
	while (got == READY_NONE);
	check(got, READY_INTERCEPT, "dispatch ends with an intercept");
}

static void resume(u64 id)
{
	struct hv_register_assoc *e = in + 16;

	reg_header(id, 0);
	e[0] = (struct hv_register_assoc){ .name = HV_REG_INTERCEPT_SUSPEND };
	e[1] = (struct hv_register_assoc){ .name = HV_REG_EXPLICIT_SUSPEND };
	check(call(HVCALL_SET_VP_REGISTERS | REPS(2)), 0, "resume");
}

static void run(u64 id)
{
	if (scheduler == HV_SCHEDULER_ROOT)
		run_root_scheduler(id);
	else
		resume(id);
}

static void intercept_wait(u32 type, const char *what)
{
	if (scheduler != HV_SCHEDULER_ROOT) {
		check(message_wait(), HVMSG_OPAQUE_INTERCEPT, "notified of an intercept");
		message_done();
	}
	check(msg->message_type, type, what);
}

static void skip(u32 length)
{
	regs->rip += length;
	regs->dirty |= HV_REGPAGE_DIRTY_IP;
}

static void child_start_state(u64 id)
{
	u64 flat[2] = { 0, 0xffff | 0x9bull << 48 };

	memcpy((void *)CHILD_RAM, child_start, child_end - child_start);
	check(reg_set(id, 0, HV_REG_CS, flat[0], flat[1]), 0, "CS at 0");
	check(reg_set(id, 0, HV_REG_RIP, 0, 0), 0, "RIP at 0");
	check(regs->rip, 0, "the page follows");
}

static void child_io(u64 id)
{
	struct hv_io_message *io = (void *)msg->payload;

	run(id);
	intercept_wait(HVMSG_X64_IO_PORT_INTERCEPT, "port write");
	check(msg->sender, id, "by the child");
	check(io->port << 16 | io->header.access << 8 | io->access_info, 0x800101, "port 80, write, one byte");
	check((u8)io->rax, 0x42, "the value");
	check(reg_get(id, 0, HV_REG_INTERCEPT_SUSPEND), 1, "InterceptSuspend");
	check(regs->isvalid, 1, "register page valid");
	check(regs->rip, 2, "RIP of the OUT");
	skip(io->header.length_cr8 & 15);
	run(id);
	intercept_wait(HVMSG_X64_IO_PORT_INTERCEPT, "port read");
	check(io->port << 16 | io->header.access << 8 | io->access_info, 0x600001, "port 60, read, one byte");
	regs->gpr[0] = 0x99;
	regs->dirty |= HV_REGPAGE_DIRTY_GP;
	skip(io->header.length_cr8 & 15);
	run(id);
}

static void child_memory(u64 id)
{
	struct hv_memory_message *m = (void *)msg->payload;

	intercept_wait(HVMSG_UNMAPPED_GPA, "write to nothing");
	check(m->gpa, 0x2000, "its address");
	check(m->header.access, HV_INTERCEPT_ACCESS_WRITE, "a write");
	check(*(u8 *)(CHILD_RAM + 0x700), 0x99, "the port's value arrived");
	skip(4);
	run(id);
	check(message_wait(), HVMSG_SYNIC_SINT_INTERCEPT, "doorbell: message");
	check(*(volatile u32 *)slot->payload, 5, "of SINT 5");
	check(ring->data[0], 5, "port 5 in the ring");
	check(ring->signal_masked, 1, "further ones are masked");
	message_done();
	intercept_wait(HVMSG_GPA_INTERCEPT, "write to a page to read only");
	check(m->gpa, 0x4000, "its address");
	skip(3);
	run(id);
}

static void child_end_state(u64 id)
{
	intercept_wait(HVMSG_X64_IO_PORT_INTERCEPT, "the last port");
	check(*(u32 *)(CHILD_RAM + 0x704), 0x12345678, "registered CPUID");
	skip(2);
	if (scheduler == HV_SCHEDULER_ROOT) {
		dispatch_flags = HV_DISPATCH_CLEAR_INTERCEPT_SUSPEND;
		check(dispatch(id, 100000), READY_NONE, "dispatch ends with its time slice");
	} else {
		resume(id);
		check(reg_set(id, 0, HV_REG_RIP, 0, 0), HV_STATUS_INVALID_VP_STATE, "registers of a running VP");
	}
	check(reg_set(id, 0, HV_REG_EXPLICIT_SUSPEND, 1, 0), 0, "stop");
	if (scheduler == HV_SCHEDULER_ROOT)
		check(dispatch(id, 0), BLOCKED_SUSPEND, "dispatch of a stopped VP");
	else
		check(dispatch(id, 0), 1u << 31 | HV_STATUS_OPERATION_DENIED, "dispatch without the root scheduler");
	check(reg_get(id, 0, HV_REG_INTERCEPT_SUSPEND), 0, "no intercept in flight");
	check(reg_get(id, 0, HV_REG_RIP) & ~1ull, ((child_end - child_start) - 2) & ~1ull, "stopped in its loop");
	check(regs->isvalid, 1, "register page valid again");
}

static void state_checks(u64 id)
{
	struct hv_vp_state_input *p = in;
	struct hv_lapic_state *lapic = (void *)(CHILD_RAM + 0x5000);

	memset(p, 0, 64);
	p->partition_id = id;
	p->type = HV_VP_STATE_LAPIC;
	p->data[0] = (u64)lapic >> 12;
	check(call(HVCALL_GET_VP_STATE | VAR(1)), 0, "LAPIC state");
	check(lapic->version & 0xff, 0x14, "its version");
	check((u16)vmmcall(HVCALL_GET_VP_STATE | VAR(1), IN, 1), 0, "no output page where there is no output");
	check(call(HVCALL_SET_VP_STATE | VAR(1)), 0, "and back");
	p->type = HV_VP_STATE_XSAVE;
	p->xsave_states = 7;
	check(call(HVCALL_GET_VP_STATE | VAR(1)), 0, "XSAVE state");
	check(*(u64 *)((u8 *)lapic + 160 + 48), 0x1122334455667788, "XMM3 in it");
	check(*(u64 *)((u8 *)lapic + 520) >> 63, 1, "compacted");
	check(call(HVCALL_SET_VP_STATE | VAR(1)), 0, "and back");
	check(call(HVCALL_GET_VP_STATE), HV_STATUS_INSUFFICIENT_BUFFER, "no buffer");
	p->type = HV_VP_STATE_SYNTHETIC_TIMERS;
	p->xsave_states = 0;
	check(call(HVCALL_GET_VP_STATE), 0, "timers: in the output page");
	check((u16)vmmcall(HVCALL_GET_VP_STATE, IN, 1), HV_STATUS_INVALID_ALIGNMENT, "which has to be aligned");
	p->type = 77;
	check(call(HVCALL_GET_VP_STATE | VAR(1)), HV_STATUS_INVALID_PARAMETER, "unknown state type");
}

static void translate_checks(u64 id)
{
	struct hv_translate_input *p = in;
	struct hv_translate_output *o = out;

	*p = (struct hv_translate_input){ .partition_id = id, .flags = HV_TRANSLATE_VALIDATE_READ, .gva_page = 0 };
	check(call(HVCALL_TRANSLATE_VIRTUAL_ADDRESS), 0, "translate");
	check(o->result << 16 | o->gpa_page, 0, "paging is off: identity");
	p->flags = 0;
	check(call(HVCALL_TRANSLATE_VIRTUAL_ADDRESS), HV_STATUS_INVALID_PARAMETER, "no access named");
}

/* ---- a second life: interrupts, CPUID and MSR intercepts ---- */

#define SECOND		0x600u
#define VECTOR		0x30u

static u16 interrupt_assert(u64 id, u32 type, u32 control, u64 destination, u32 vector)
{
	struct hv_assert_interrupt_input *p = in;

	*p = (struct hv_assert_interrupt_input){ .partition_id = id, .type = type, .control = control,
						 .destination = destination, .vector = vector };
	return call(HVCALL_ASSERT_VIRTUAL_INTERRUPT);
}

static void assert_checks(u64 id)
{
	check(interrupt_assert(id, 3, 0, 0, VECTOR), HV_STATUS_INVALID_PARAMETER, "remote read");
	check(interrupt_assert(id, 0, BIT(5), 0, VECTOR), HV_STATUS_INVALID_PARAMETER, "reserved control bit");
	check(interrupt_assert(id, 0, 0, 0, 256), HV_STATUS_INVALID_PARAMETER, "vector too large");
	check(interrupt_assert(id, 4, 0, 0, 2), HV_STATUS_INVALID_PARAMETER, "NMI with a vector");
	check(interrupt_assert(id, 0, 0, 9, VECTOR), HV_STATUS_INVALID_VP_INDEX, "APIC ID of nobody");
	check(interrupt_assert(id, 0, HV_ASSERT_LOGICAL, 0x80, VECTOR), 0, "logical destination of nobody: dropped");
	check(fast(HVCALL_CLEAR_VIRTUAL_INTERRUPT, id, 0), HV_STATUS_NOT_ACKNOWLEDGED, "nothing to clear");
}

static void apic_enable(u64 id)
{
	struct hv_vp_state_input *p = in;
	struct hv_lapic_state *lapic = (void *)(CHILD_RAM + 0x5000);

	memset(p, 0, 64);
	p->partition_id = id;
	p->type = HV_VP_STATE_LAPIC;
	p->data[0] = (u64)lapic >> 12;
	call(HVCALL_GET_VP_STATE | VAR(1));
	lapic->spurious = 0x1ff;
	check(call(HVCALL_SET_VP_STATE | VAR(1)), 0, "local APIC enabled by its state");
}

static u16 cpuid_intercept(u64 id, u32 leaf, u32 mask)
{
	struct hv_install_intercept_input *p = in;

	*p = (struct hv_install_intercept_input){ .partition_id = id, .access_mask = mask,
						  .type = HV_INTERCEPT_X64_CPUID, .parameter = leaf };
	return call(HVCALL_INSTALL_INTERCEPT);
}

static void second_prepare(u64 id)
{
	memcpy((void *)(CHILD_RAM + SECOND), second_start, second_end - second_start);
	*(volatile u32 *)(CHILD_RAM + VECTOR * 4) = SECOND + (second_handler - second_start);
	apic_enable(id);
	check(cpuid_intercept(id, 0x77, HV_INTERCEPT_READ), HV_STATUS_INVALID_PARAMETER, "mask that CPUID does not take");
	check(cpuid_intercept(id, 0x77, HV_INTERCEPT_EXECUTE), 0, "InstallIntercept");
	check(reg_set(id, 0, HV_REG_RIP, SECOND, 0), 0, "RIP");
	check(reg_set(id, 0, HV_REG_RSP, 0x7f0, 0), 0, "RSP");
}

/* Halted, it waits inside the hypervisor; the interrupt wakes it. */
static void second_wake(u64 id)
{
	if (scheduler != HV_SCHEDULER_ROOT) {
		resume(id);
		check(interrupt_assert(id, 0, 0, 0, VECTOR), 0, "AssertVirtualInterrupt");
		return;
	}
	check(reg_set(id, 0, HV_REG_EXPLICIT_SUSPEND, 0, 0), 0, "ExplicitSuspend cleared");
	check(message_wait(), HVMSG_SCHEDULER_VP_SIGNAL_PAIR, "scheduler signal");
	message_done();
	check(dispatch(id, 0), HV_DISPATCH_STATE_BLOCKED << 16, "halted");
	check(interrupt_assert(id, 0, 0, 0, VECTOR), 0, "AssertVirtualInterrupt");
	check(message_wait(), HVMSG_SCHEDULER_VP_SIGNAL_PAIR, "scheduler signal");
	message_done();
	check(dispatch(id, 0), READY_INTERCEPT, "an intercept");
}

static void second_run(u64 id)
{
	struct hv_io_message *io = (void *)msg->payload;
	struct hv_cpuid_message *cpuid = (void *)msg->payload;

	second_prepare(id);
	assert_checks(id);
	second_wake(id);
	intercept_wait(HVMSG_X64_IO_PORT_INTERCEPT, "in the handler");
	check(io->port, 0x83, "its port");
	skip(2);
	run(id);
	intercept_wait(HVMSG_X64_IO_PORT_INTERCEPT, "past HLT");
	check(io->port, 0x82, "its port");
	skip(2);
	run(id);
	intercept_wait(HVMSG_X64_CPUID_INTERCEPT, "CPUID");
	check(cpuid->rax, 0x77, "its leaf");
	skip(2);
	run(id);
	intercept_wait(HVMSG_X64_IO_PORT_INTERCEPT, "past RDMSR");
	check(io->rax, 0, "an unimplemented MSR reads zero");
	check(cpuid_intercept(id, 0x77, 0), 0, "intercept removed");
}

/* ---- memory from outside ---- */

static u8 access_state(u64 id, u64 gfn, u64 flags)
{
	struct hv_access_states_input *p = in;

	*p = (struct hv_access_states_input){ .partition_id = id, .flags = flags, .base_gfn = gfn };
	return call(HVCALL_GET_GPA_PAGES_ACCESS_STATES | REPS(1)) ? 0xff : *(u8 *)out;
}

static u16 gpa_read(u64 id, u64 gpa, u32 count)
{
	struct hv_read_gpa_input *p = in;

	*p = (struct hv_read_gpa_input){ .partition_id = id, .byte_count = count, .gpa = gpa, .control = HV_CACHE_WB };
	return call(HVCALL_READ_GPA);
}

static void memory_checks(u64 id)
{
	struct hv_read_gpa_output *o = out;

	check(access_state(id, 0, 0), 0xff, "access states without tracking");
	check(property_set(id, HV_PROPERTY_GPA_PAGE_ACCESS_TRACKING, 1), 0, "tracking on");
	check(access_state(id, 0, 3), 0xff, "set and clear at once");
	check(access_state(id, 0, HV_ACCESS_CLEAR_ACCESSED | HV_ACCESS_CLEAR_DIRTY), 3, "accessed and dirty");
	check(access_state(id, 0, 0), 0, "cleared");
	check(gpa_read(id, 0x700, 17), HV_STATUS_INVALID_PARAMETER, "17 bytes");
	check(gpa_read(id, 0xffe, 4), HV_STATUS_INVALID_PARAMETER, "across a page");
	check(gpa_read(id, 0x704, 4), 0, "ReadGpa");
	check(*(u32 *)o->data, 0x12345678, "what the child wrote");
	check(gpa_read(id, 0x2000, 4), 0, "of nothing");
	check(o->result, HV_GPA_ACCESS_UNMAPPED, "is unmapped");
	check(gpa_read(id, 0xfee00030, 4), 0, "of the local APIC");
	check(o->data[0], 0x14, "its version");
}

/* ---- end ---- */

static void teardown(u64 id)
{
	u64 avail, used;

	check(state_unpage(id, HV_STATE_PAGE_REGISTERS), 0, "register page unmapped");
	check(state_unpage(id, HV_STATE_PAGE_REGISTERS), HV_STATUS_OPERATION_DENIED, "a second time");
	check(fast(HVCALL_DELETE_PORT, 1, 5), 0, "DeletePort");
	check(fast(HVCALL_DELETE_PORT, 1, 5), HV_STATUS_INVALID_PORT_ID, "a second time");
	check(fast(HVCALL_DISCONNECT_PORT, id, 5 | BIT(32)), 0, "DisconnectPort");
	check(partition_call(HVCALL_FINALIZE_PARTITION, id), 0, "FinalizePartition");
	balance(id, &avail, &used);
	check(used, 0, "nothing in use afterwards");
	check(deposit(id, 1), HV_STATUS_INVALID_PARTITION_STATE, "no deposit after finalize");
	spare_used--;
	check(partition_call(HVCALL_DELETE_PARTITION, id), HV_STATUS_OPERATION_DENIED, "delete with memory left");
	check(withdraw(id), avail, "all came back");
	check(partition_call(HVCALL_DELETE_PARTITION, id), 0, "DeletePartition");
	check(partition_call(HVCALL_DELETE_PARTITION, id), HV_STATUS_INVALID_PARTITION_ID, "gone");
}

/* Another child, finalized while it runs, with everything still attached to it. */
static void abrupt_checks(void)
{
	struct hv_connect_port_input *n = in;
	struct hv_create_port_input *p = in;
	u64 id, avail, used, root_used;
	u16 status;

	withdraw(1);
	balance(1, &avail, &root_used);
	deposit(1, 3);
	check(create(FLAGS, &id), 0, "another partition");
	check(id, 3, "IDs are not used again");
	deposit(id, 30);
	check(partition_call(HVCALL_INITIALIZE_PARTITION, id), 0, "InitializePartition");
	*(volatile u16 *)CHILD_RAM = 0xfeeb;		/* jmp . */
	check(map(id, 0, CHILD_RAM >> 12, 1, RWX), 0, "its memory");
	check(create_vp(id, 0, 0), 0, "its VP");
	regs = (void *)state_page(id, HV_STATE_PAGE_REGISTERS, &status);
	msg = (void *)state_page(id, HV_STATE_PAGE_INTERCEPT, &status);
	check(stats(MAP, HV_STATS_VP, id, 0, 0), 0, "statistics page");
	check(register_cpuid(id, 1, 0), 0, "a result");
	memset(p, 0, sizeof(*p));
	p->port_partition = 1;
	p->port_id = 9;
	p->connection_partition = id;
	p->info.type = HV_PORT_DOORBELL;
	p->info.target_sint = 5;
	p->info.target_vp = HV_ANY_VP;
	check(call(HVCALL_CREATE_PORT), 0, "port");
	memset(n, 0, sizeof(*n));
	n->connection_partition = id;
	n->connection_id = 9;
	n->port_partition = 1;
	n->port_id = 9;
	n->info.type = HV_PORT_DOORBELL;
	n->info.gpa = 0x3000;
	check(call(HVCALL_CONNECT_PORT), 0, "connection");
	reg_set(id, 0, HV_REG_CS, 0, 0xffff | 0x9bull << 48);
	reg_set(id, 0, HV_REG_RIP, 0, 0);
	if (scheduler != HV_SCHEDULER_ROOT)
		resume(id);
	for (u32 i = 0; i < 1000000; i++)
		asm volatile("pause");
	check(partition_call(HVCALL_FINALIZE_PARTITION, id), 0, "finalized while it runs");
	balance(id, &avail, &used);
	check(used << 32 | avail, 30, "every page is free");
	check(withdraw(id), 30, "and comes back");
	check(partition_call(HVCALL_DELETE_PARTITION, id), 0, "DeletePartition");
	check(fast(HVCALL_DELETE_PORT, 1, 9), 0, "the port had stayed");
	balance(1, &avail, &used);
	check(used, root_used, "the root's pool is as before");
}

/* ---- anything at all: the hypervisor has to stand it ---- */

#define RANDOM_CALLS	30000u
#define RANDOM_PORTS	4u

#ifndef RANDOM_SEED
#define RANDOM_SEED	0x9e3779b97f4a7c15
#endif
static u64 random_state = RANDOM_SEED;

static u64 random64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static u64 random_id = 2;	/* of the child in use */

/* Values that lead somewhere. Pages among them are the child's, or nobody's. */
static u64 random_value(void)
{
	u64 r = random64() >> 8;

	switch (random64() & 15) {
	case 0 ... 3:
		return 0;
	case 4 ... 6:
		return r % RANDOM_PORTS;
	case 7 ... 8:
		return random_id;
	case 9:
		return ~0ull;
	case 10 ... 11:
		return (CHILD_RAM >> 12) + r % 512;
	case 12:
		return 1ull << r % 64;
	case 13:
		return (r % RANDOM_PORTS) << 32 | (random64() >> 8) % RANDOM_PORTS;
	case 14:
		return r & 0xff;
	}
	return r;
}

static const u16 random_codes[] = {
	0x02, 0x03, 0x04, 0x08, 0x0b, 0x13, 0x14, 0x15, 0x40, 0x41, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48,
	0x48, 0x48, 0x49, 0x4a, 0x4b, 0x4b, 0x4c, 0x4d, 0x4e, 0x4e, 0x4f, 0x50, 0x51, 0x51, 0x51, 0x52, 0x53, 0x54, 0x56,
	0x58, 0x5b, 0x5c, 0x5d, 0x6c, 0x6d, 0x6e, 0x7b, 0x7c, 0x7d, 0x7e, 0x8b, 0x90, 0x91, 0x92, 0x94, 0x95, 0x95, 0x96,
	0x96, 0x99, 0x9a, 0xac, 0xc0, 0xc1, 0xc2, 0xc2, 0xc2, 0xc9, 0xe1, 0xe2, 0xe3, 0xe4, 0xf4, 0x101,
};

static u64 random_register(void)
{
	static const u32 group[] = { 0, 0x10002, 0x20000, 0x30000, 0x40000, 0x50000, 0x60000, 0x70000, 0x80000, 0x80070,
				     0x84800, 0x90000, 0xa0000, 0xb0000 };

	return group[(random64() >> 8) % ARRAY_SIZE(group)] + (random64() >> 8) % 24;
}

/* Registers of the root itself, or its memory as a buffer, would be this program's end. */
static void random_tame(u16 code)
{
	u64 *p = in;

	if (code == HVCALL_SET_VP_REGISTERS) {
		p[0] = random_id;
		p[1] = 0;
		for (u32 i = 0; i < 8; i++) {
			p[2 + 4 * i] = random_register();
			p[3 + 4 * i] = 0;
		}
	}
	if (code == HVCALL_GET_VP_STATE || code == HVCALL_SET_VP_STATE) {
		p[2] = (random64() & 3) | 1ull << 31;
		p[3] = 0;
		p[5] = (CHILD_RAM >> 12) + 5;
	}
	if (code == HVCALL_DEPOSIT_MEMORY || code == HVCALL_MAP_GPA_PAGES || code == HVCALL_MAP_SPARSE_GPA_PAGES)
		for (u32 i = 1; i < 40; i++)
			if (p[i] > 3 && p[i] < CHILD_RAM >> 12)
				p[i] += CHILD_RAM >> 12;
	if (code == HVCALL_DISPATCH_VP)		/* no interrupt would end it: a slice has to */
		p[2] = 1 + (random64() >> 8) % 1000;
	if (code == HVCALL_CREATE_PARTITION) {
		memset(p + 1, 0, 48);
		p[0] = FLAGS;
	}
}

/* Now and then a child that is ready for more: active, with memory, a VP and a page. */
static void random_child(void)
{
	u64 id;
	u32 total;

	partition_call(HVCALL_FINALIZE_PARTITION, random_id);
	drain(random_id, &total);
	partition_call(HVCALL_DELETE_PARTITION, random_id);
	deposit(1, 2);
	if (create(FLAGS, &id))
		return;
	random_id = id;
	for (u32 i = 0; i < 40; i++)
		fast(HVCALL_DEPOSIT_MEMORY | REPS(1), random_id, (SPARE >> 12) + (random64() >> 8) % SPARE_PAGES);
	partition_call(HVCALL_INITIALIZE_PARTITION, random_id);
	*(volatile u16 *)CHILD_RAM = 0xfeeb;
	map(random_id, 0, CHILD_RAM >> 12, 16, RWX);
	create_vp(random_id, 0, 0);
	spare_used = (random64() >> 8) % (SPARE_PAGES - 2);
}

static bool code_in(u16 code, const u16 *codes, u32 nr)
{
	while (nr--)
		if (codes[nr] == code)
			return true;
	return false;
}

/* The control word that the call wants, mostly. */
static u64 random_control(u16 code)
{
	static const u16 rep[] = { 0x03, 0x14, 0x48, 0x49, 0x4b, 0x4c, 0x50, 0x51, 0x6e, 0x90, 0x9a, 0xc9, 0xf4 };
	static const u16 var[] = { 0x13, 0x14, 0x15, 0x7c, 0x7e, 0xe3, 0xe4 };
	bool odd = !(random64() & 15);
	u64 control = code;

	if (code_in(code, rep, ARRAY_SIZE(rep)) != odd)
		control |= REPS(1 + (random64() >> 8) % 8);
	if (code_in(code, var, ARRAY_SIZE(var)) != odd)
		control |= VAR((random64() >> 8) % 4);
	return control;
}

static void random_call(void)
{
	u16 code = random_codes[(random64() >> 8) % ARRAY_SIZE(random_codes)];
	u64 *p = in;

	for (u32 i = 0; i < 40; i++)
		p[i] = random_value();
	if (random64() & 12)
		p[0] = random_id;
	random_tame(code);
	call(random_control(code));
	if (slot->message_type)
		message_done();
}

/* All children, whatever state they are in. */
static void random_clean(void)
{
	u64 id, avail, used, *p = in;

	for (u32 i = 0; i < 4 * RANDOM_CALLS; i++) {
		p[0] = ~0ull;
		p[1] = 0;
		if (call(HVCALL_GET_NEXT_CHILD_PARTITION) || !*(u64 *)out)
			break;
		id = *(u64 *)out;
		partition_call(HVCALL_FINALIZE_PARTITION, id);
		withdraw(id);
		balance(id, &avail, &used);
		check(avail << 32 | used, 0, "nothing left");
		check(partition_call(HVCALL_DELETE_PARTITION, id), 0, "child deleted");
	}
	for (u32 i = 0; i < 0x10000; i++)
		fast(HVCALL_DELETE_PORT, 1, i);
	withdraw(1);
}

static void random_checks(void)
{
	for (u32 i = 0; i < RANDOM_CALLS; i++) {
		if (i % 500 == 0)
			random_child();
		random_call();
	}
	check(ud_count, 1, "no #UD on the way");
	random_clean();
}

static void power_off(void)
{
	struct hv_set_system_property_input *s = in;

	memset(s, 0, sizeof(*s));
	s->property = HV_SYSTEM_PROPERTY_SLEEP_STATE;
	s->sleep_state = HV_SLEEP_STATE_S5;
	check(call(HVCALL_SET_SYSTEM_PROPERTY), 0, "S5 registered");
	put_hex(CONSOLE, nr_ok);
	puts_port(CONSOLE, " (hexadecimal) ok, ");
	put_hex(CONSOLE, nr_not_ok);
	puts_port(CONSOLE, " not ok\n");
	puts_port(VERDICT, nr_not_ok ? "verdict fail\n" : "verdict pass\n");
	memset(in, 0, 8);
	*(u32 *)in = HV_SLEEP_STATE_S5;
	call(HVCALL_ENTER_SLEEP_STATE);
	puts_port(CONSOLE, "not ok S5 returned\n");
}

void payload_main(void)
{
	u64 id;

	traps_init();
	entry_checks();
	system_checks();
	rep_checks();
	lp_checks();
	interrupt_checks();
	id = partition_checks();
	map_checks(id);
	vp_checks(id);
	check(register_cpuid(id, 0, 0x12345678), 0, "RegisterInterceptResult");
	stats_checks(id);
	synic_on();
	doorbell_make(id);
	child_start_state(id);
	child_io(id);
	child_memory(id);
	child_end_state(id);
	state_checks(id);
	translate_checks(id);
	second_run(id);
	memory_checks(id);
	teardown(id);
	abrupt_checks();
	random_checks();
	power_off();
}
