// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mshv: one function for each hypercall.
 *
 * These fill in the input, make the call, meet a shortage of memory where the
 * call can run into one, and translate the status.  Nothing else.
 */
#include <linux/kernel.h>

#include "mshv.h"
#include "mshv_trace.h"

static u64 call_simple(u16 code, const void *in, size_t in_len,
		       void *out, size_t out_len)
{
	u64 status = mshv_hvcall(code, in, in_len, out, out_len);

	trace_mshv_hvcall(code, 0, 0, status);
	return status;
}

static u64 call_rep(u16 code, const void *in, size_t in_len,
		    struct mshv_reps *reps)
{
	u64 status = mshv_hvcall_rep(code, in, in_len, reps);

	trace_mshv_hvcall(code, reps->count, reps->done, status);
	return status;
}

/* A call that cannot run short of memory */
static int call(u16 code, const void *in, size_t in_len,
		void *out, size_t out_len)
{
	return mshv_status_to_errno(call_simple(code, in, in_len,
						out, out_len));
}

/* A call that draws on @pool */
static int call_retry(struct mshv_pool *pool, u16 code,
		      const void *in, size_t in_len, void *out, size_t out_len)
{
	struct mshv_retry retry = MSHV_RETRY(pool);
	u64 status;

	do {
		status = call_simple(code, in, in_len, out, out_len);
	} while (mshv_retry(&retry, status));

	return retry.error;
}

static int call_fast(u16 code, u64 in0, u64 in1)
{
	u64 status = mshv_hvcall_fast(code, in0, in1);

	trace_mshv_hvcall(code, 0, 0, status);
	return mshv_status_to_errno(status);
}

/**
 * hv_call_create_partition() - HvCallCreatePartition
 * @in: complete input
 * @partition_id: the new partition
 *
 * Return: 0 or a negative errno.
 */
int hv_call_create_partition(const struct tlfs_in_create_partition *in,
			     u64 *partition_id)
{
	struct tlfs_out_create_partition out = { };
	int ret;

	ret = call_retry(&mshv_root_pool, TLFS_CALL_CREATE_PARTITION,
			 in, sizeof(*in), &out, sizeof(out));
	*partition_id = out.partition_id;
	return ret;
}

/**
 * hv_call_initialize_partition() - HvCallInitializePartition
 * @pool: pool of the partition
 *
 * Return: 0 or a negative errno.
 */
int hv_call_initialize_partition(struct mshv_pool *pool)
{
	struct mshv_retry retry = MSHV_RETRY_PAGES(pool, 16);
	u64 status;

	do {
		status = mshv_hvcall_fast(TLFS_CALL_INITIALIZE_PARTITION,
					  pool->partition_id, 0);
		trace_mshv_hvcall(TLFS_CALL_INITIALIZE_PARTITION, 0, 0, status);
	} while (mshv_retry(&retry, status));

	return retry.error;
}

/**
 * hv_call_finalize_partition() - HvCallFinalizePartition
 * @partition_id: the partition
 *
 * Return: 0 or a negative errno.
 */
int hv_call_finalize_partition(u64 partition_id)
{
	return call_fast(TLFS_CALL_FINALIZE_PARTITION, partition_id, 0);
}

/**
 * hv_call_delete_partition() - HvCallDeletePartition
 * @partition_id: the partition
 *
 * Return: 0 or a negative errno.
 */
int hv_call_delete_partition(u64 partition_id)
{
	return call_fast(TLFS_CALL_DELETE_PARTITION, partition_id, 0);
}

/**
 * hv_call_get_partition_property() - HvCallGetPartitionProperty
 * @partition_id: the partition
 * @code: TLFS_PROPERTY_*
 * @value: its value
 *
 * Return: 0 or a negative errno.
 */
int hv_call_get_partition_property(u64 partition_id, u32 code, u64 *value)
{
	const struct tlfs_in_get_partition_property in = {
		.partition_id = partition_id,
		.property_code = code,
	};
	struct tlfs_out_get_partition_property out = { };
	int ret;

	ret = call(TLFS_CALL_GET_PARTITION_PROPERTY, &in, sizeof(in),
		   &out, sizeof(out));
	*value = out.value;
	return ret;
}

/**
 * hv_call_get_system_property() - HvCallGetSystemProperty
 * @id: TLFS_SYSTEM_PROPERTY_*
 * @value: its value
 *
 * Return: 0 or a negative errno.
 */
int hv_call_get_system_property(u32 id, u64 *value)
{
	const struct tlfs_in_get_system_property in = { .property_id = id };
	struct tlfs_out_get_system_property out = { };
	int ret;

	ret = call(TLFS_CALL_GET_SYSTEM_PROPERTY, &in, sizeof(in),
		   &out, sizeof(out));
	*value = out.value;
	return ret;
}

static u64 call_map_gpa_pages(u64 partition_id, u64 gfn, u32 flags,
			      struct mshv_reps *reps)
{
	const struct tlfs_in_map_gpa_pages in = {
		.partition_id = partition_id,
		.gfn = gfn,
		.flags = flags,
	};

	return call_rep(TLFS_CALL_MAP_GPA_PAGES, &in, sizeof(in), reps);
}

/**
 * hv_call_map_gpa_pages() - HvCallMapGpaPages
 * @pool: pool of the partition
 * @gfn: guest page number of the first element
 * @flags: TLFS_MAP_*
 * @pfns: page to map, for each element
 * @count: number of elements, at most TLFS_MAP_GPA_PAGES_BATCH
 * @done: number of elements that were mapped, on failure too
 *
 * Return: 0 or a negative errno.
 */
int hv_call_map_gpa_pages(struct mshv_pool *pool, u64 gfn, u32 flags,
			  const u64 *pfns, u16 count, u16 *done)
{
	struct mshv_reps reps = {
		.in = pfns,
		.in_size = sizeof(*pfns),
		.count = count,
	};
	struct mshv_retry retry = MSHV_RETRY_PAGES(pool, 32);
	u64 status;

	do {
		status = call_map_gpa_pages(pool->partition_id, gfn, flags,
					    &reps);
	} while (mshv_retry(&retry, status));

	*done = reps.done;
	return retry.error;
}

/**
 * hv_call_try_map_gpa_pages() - HvCallMapGpaPages, without depositing memory
 * @partition_id: the partition
 * @gfn: guest page number of the first element
 * @flags: TLFS_MAP_*
 * @pfns: page to map, for each element
 * @count: number of elements, at most TLFS_MAP_GPA_PAGES_BATCH
 * @done: number of elements that were mapped, on failure too
 *
 * Return: TLFS_STATUS_*.
 */
u64 hv_call_try_map_gpa_pages(u64 partition_id, u64 gfn, u32 flags,
			      const u64 *pfns, u16 count, u16 *done)
{
	struct mshv_reps reps = {
		.in = pfns,
		.in_size = sizeof(*pfns),
		.count = count,
	};
	u64 status = call_map_gpa_pages(partition_id, gfn, flags, &reps);

	*done = reps.done;
	return status;
}

/**
 * hv_call_unmap_gpa_pages() - HvCallUnmapGpaPages
 * @partition_id: the partition
 * @gfn: guest page number of the first page
 * @flags: TLFS_UNMAP_*
 * @count: number of pages, large ones with TLFS_UNMAP_LARGE_PAGE
 * @done: number of pages that were unmapped, on failure too
 *
 * Return: 0 or a negative errno.
 */
int hv_call_unmap_gpa_pages(u64 partition_id, u64 gfn, u32 flags, u16 count,
			    u16 *done)
{
	const struct tlfs_in_unmap_gpa_pages in = {
		.partition_id = partition_id,
		.gfn = gfn,
		.flags = flags,
	};
	struct mshv_reps reps = { .count = count };
	u64 status;

	status = call_rep(TLFS_CALL_UNMAP_GPA_PAGES, &in, sizeof(in), &reps);
	*done = reps.done;
	return mshv_status_to_errno(status);
}

/**
 * hv_call_get_gpa_pages_access_states() - HvCallGetGpaPagesAccessStates
 * @partition_id: the partition
 * @flags: TLFS_ACCESS_*, what to change after reading
 * @gfn: guest page number of the first page
 * @states: state of each page before the change
 * @count: number of pages
 *
 * Return: 0 or a negative errno.
 */
int hv_call_get_gpa_pages_access_states(u64 partition_id, u64 flags, u64 gfn,
					u8 *states, u16 count)
{
	const struct tlfs_in_get_gpa_pages_access_states in = {
		.partition_id = partition_id,
		.flags = flags,
		.gfn = gfn,
	};
	struct mshv_reps reps = {
		.out = states,
		.out_size = sizeof(*states),
		.count = count,
	};

	return mshv_status_to_errno(call_rep(TLFS_CALL_GET_GPA_PAGES_ACCESS_STATES,
					     &in, sizeof(in), &reps));
}

/**
 * hv_call_delete_vp() - HvCallDeleteVp
 * @partition_id: the partition
 * @vp_index: the VP
 *
 * Return: 0 or a negative errno.
 */
int hv_call_delete_vp(u64 partition_id, u32 vp_index)
{
	return call_fast(TLFS_CALL_DELETE_VP, partition_id, vp_index);
}

/**
 * hv_call_get_vp_register() - HvCallGetVpRegisters, one 64-bit register
 * @vp: the VP
 * @name: TLFS_REG_*
 * @value: its value
 *
 * Return: 0 or a negative errno.
 */
int hv_call_get_vp_register(struct mshv_vp *vp, u32 name, u64 *value)
{
	const struct tlfs_in_get_vp_registers in = {
		.partition_id = vp->partition->id,
		.vp_index = vp->index,
	};
	struct tlfs_reg128 out = { };
	struct mshv_reps reps = {
		.in = &name,
		.in_size = sizeof(name),
		.out = &out,
		.out_size = sizeof(out),
		.count = 1,
	};
	u64 status;

	status = call_rep(TLFS_CALL_GET_VP_REGISTERS, &in, sizeof(in), &reps);
	*value = out.low;
	return mshv_status_to_errno(status);
}

/**
 * hv_call_set_vp_registers() - HvCallSetVpRegisters
 * @vp: the VP
 * @regs: names and values, set in this order
 * @count: how many
 * @done: how many of them have been set, also if there was an error
 *
 * Return: 0 or a negative errno.
 */
int hv_call_set_vp_registers(struct mshv_vp *vp,
			     const struct tlfs_reg_assoc *regs, u16 count,
			     u16 *done)
{
	const struct tlfs_in_set_vp_registers in = {
		.partition_id = vp->partition->id,
		.vp_index = vp->index,
	};
	struct mshv_reps reps = {
		.in = regs,
		.in_size = sizeof(*regs),
		.count = count,
	};
	u64 status;

	status = call_rep(TLFS_CALL_SET_VP_REGISTERS, &in, sizeof(in), &reps);
	*done = reps.done;
	return mshv_status_to_errno(status);
}

/**
 * hv_call_set_vp_register() - HvCallSetVpRegisters, one 64-bit register
 * @vp: the VP
 * @name: TLFS_REG_*
 * @value: its new value
 *
 * Return: 0 or a negative errno.
 */
int hv_call_set_vp_register(struct mshv_vp *vp, u32 name, u64 value)
{
	const struct tlfs_reg_assoc reg = { .name = name, .value.low = value };
	u16 done;

	return hv_call_set_vp_registers(vp, &reg, 1, &done);
}

/**
 * hv_call_map_vp_state_page() - HvCallMapVpStatePage
 * @vp: the VP
 * @type: TLFS_STATE_PAGE_*
 * @pfn: where the hypervisor put it
 *
 * Return: 0 or a negative errno.
 */
int hv_call_map_vp_state_page(struct mshv_vp *vp, u16 type, u64 *pfn)
{
	const struct tlfs_in_map_vp_state_page in = {
		.partition_id = vp->partition->id,
		.vp_index = vp->index,
		.type = type,
		.input_vtl = TLFS_INPUT_VTL_NORMAL,
	};
	struct tlfs_out_map_vp_state_page out = { };
	int ret;

	ret = call_retry(&vp->partition->pool, TLFS_CALL_MAP_VP_STATE_PAGE,
			 &in, sizeof(in), &out, sizeof(out));
	*pfn = out.pfn;
	return ret;
}

/**
 * hv_call_unmap_vp_state_page() - HvCallUnmapVpStatePage
 * @vp: the VP
 * @type: TLFS_STATE_PAGE_*
 *
 * Return: 0 or a negative errno.
 */
int hv_call_unmap_vp_state_page(struct mshv_vp *vp, u16 type)
{
	const struct tlfs_in_unmap_vp_state_page in = {
		.partition_id = vp->partition->id,
		.vp_index = vp->index,
		.type = type,
		.input_vtl = TLFS_INPUT_VTL_NORMAL,
	};

	return call(TLFS_CALL_UNMAP_VP_STATE_PAGE, &in, sizeof(in), NULL, 0);
}

/**
 * hv_call_map_stats_page() - HvCallMapStatsPage
 * @type: TLFS_STATS_*
 * @identity: which object, and which of its areas
 * @pfn: where the hypervisor put it
 *
 * Return: 0 or a negative errno.
 */
int hv_call_map_stats_page(u32 type, const struct tlfs_stats_identity *identity,
			   u64 *pfn)
{
	const struct tlfs_in_map_stats_page in = {
		.type = type,
		.identity = *identity,
	};
	struct tlfs_out_map_stats_page out = { };
	int ret;

	ret = call_retry(&mshv_root_pool, TLFS_CALL_MAP_STATS_PAGE,
			 &in, sizeof(in), &out, sizeof(out));
	*pfn = out.pfn;
	return ret;
}

/**
 * hv_call_unmap_stats_page() - HvCallUnmapStatsPage
 * @type: TLFS_STATS_*
 * @identity: which object, and which of its areas
 *
 * Return: 0 or a negative errno.
 */
int hv_call_unmap_stats_page(u32 type,
			     const struct tlfs_stats_identity *identity)
{
	const struct tlfs_in_unmap_stats_page in = {
		.type = type,
		.identity = *identity,
	};

	return call(TLFS_CALL_UNMAP_STATS_PAGE, &in, sizeof(in), NULL, 0);
}

static int call_vp_state(u16 code, struct mshv_vp *vp,
			 struct tlfs_in_vp_state *in,
			 const u64 *var, unsigned int nr_var,
			 void *out, size_t out_len)
{
	struct mshv_retry retry = MSHV_RETRY(&vp->partition->pool);
	u64 status;

	in->partition_id = vp->partition->id;
	in->vp_index = vp->index;

	do {
		status = mshv_hvcall_var(code, in, sizeof(*in), var, nr_var,
					 out, out_len);
		trace_mshv_hvcall(code, 0, 0, status);
	} while (mshv_retry(&retry, status));

	return retry.error;
}

/**
 * hv_call_get_vp_state() - HvCallGetVpState
 * @vp: the VP
 * @in: type and XSAVE fields filled in
 * @pfns: pages that receive the state
 * @nr_pfns: how many; 0 for a state that is returned in @out
 * @out: receives the state when there are no pages; needed in any case
 *
 * Return: 0 or a negative errno.
 */
int hv_call_get_vp_state(struct mshv_vp *vp, struct tlfs_in_vp_state *in,
			 const u64 *pfns, unsigned int nr_pfns,
			 struct tlfs_stimers_state *out)
{
	return call_vp_state(TLFS_CALL_GET_VP_STATE, vp, in, pfns, nr_pfns,
			     out, sizeof(*out));
}

/**
 * hv_call_set_vp_state() - HvCallSetVpState
 * @vp: the VP
 * @in: type and XSAVE fields filled in
 * @data: pages that hold the state, or the state itself
 * @nr_data: length of @data
 *
 * Return: 0 or a negative errno.
 */
int hv_call_set_vp_state(struct mshv_vp *vp, struct tlfs_in_vp_state *in,
			 const u64 *data, unsigned int nr_data)
{
	return call_vp_state(TLFS_CALL_SET_VP_STATE, vp, in, data, nr_data,
			     NULL, 0);
}

/**
 * hv_call_translate_virtual_address() - HvCallTranslateVirtualAddress
 * @vp: the VP
 * @flags: TLFS_TRANSLATE_*
 * @gva_page: virtual page number
 * @out: the result
 *
 * Return: 0 or a negative errno; 0 does not mean that there is a translation.
 */
int hv_call_translate_virtual_address(struct mshv_vp *vp, u64 flags,
				      u64 gva_page,
				      struct tlfs_out_translate_virtual_address *out)
{
	const struct tlfs_in_translate_virtual_address in = {
		.partition_id = vp->partition->id,
		.vp_index = vp->index,
		.control_flags = flags,
		.gva_page = gva_page,
	};

	return call(TLFS_CALL_TRANSLATE_VIRTUAL_ADDRESS, &in, sizeof(in),
		    out, sizeof(*out));
}

/**
 * hv_call_assert_virtual_interrupt() - HvCallAssertVirtualInterrupt
 * @partition_id: the partition
 * @msi: what, and where to
 *
 * Context: Any but NMI.
 * Return: 0 or a negative errno.
 */
int hv_call_assert_virtual_interrupt(u64 partition_id,
				     const struct mshv_msi *msi)
{
	const struct tlfs_in_assert_virtual_interrupt in = {
		.partition_id = partition_id,
		.interrupt_type = msi->type,
		.flags = msi->flags,
		.destination = msi->destination,
		.vector = msi->vector,
	};

	return call(TLFS_CALL_ASSERT_VIRTUAL_INTERRUPT, &in, sizeof(in),
		    NULL, 0);
}

/**
 * hv_call_clear_virtual_interrupt() - HvCallClearVirtualInterrupt
 * @partition_id: the partition
 *
 * Context: Any but NMI.
 * Return: 0 or a negative errno.
 */
int hv_call_clear_virtual_interrupt(u64 partition_id)
{
	return call_fast(TLFS_CALL_CLEAR_VIRTUAL_INTERRUPT, partition_id, 0);
}

/**
 * hv_call_create_port() - HvCallCreatePort, a doorbell of the root
 * @connection_partition_id: the partition that may ring it
 * @port_id: id of the new port
 *
 * Return: 0 or a negative errno.
 */
int hv_call_create_port(u64 connection_partition_id, u32 port_id)
{
	const struct tlfs_in_create_port in = {
		.port_partition_id = mshv_root_pool.partition_id,
		.port_id = port_id,
		.connection_partition_id = connection_partition_id,
		.port_info = {
			.type = TLFS_PORT_DOORBELL,
			.target_sint = TLFS_SINT_DOORBELLS,
			.target_vp = TLFS_VP_ANY,
		},
	};

	return call_retry(&mshv_root_pool, TLFS_CALL_CREATE_PORT,
			  &in, sizeof(in), NULL, 0);
}

/**
 * hv_call_delete_port() - HvCallDeletePort
 * @port_id: a port of the root
 *
 * Return: 0 or a negative errno.
 */
int hv_call_delete_port(u32 port_id)
{
	return call_fast(TLFS_CALL_DELETE_PORT, mshv_root_pool.partition_id,
			 port_id);
}

/**
 * hv_call_connect_port() - HvCallConnectPort, a doorbell of the root
 * @pool: pool of the partition that may ring it
 * @port_id: id of the port, and of the connection
 * @info: which writes ring it
 *
 * Return: 0 or a negative errno.
 */
int hv_call_connect_port(struct mshv_pool *pool, u32 port_id,
			 const struct tlfs_doorbell_connection_info *info)
{
	const struct tlfs_in_connect_port in = {
		.connection_partition_id = pool->partition_id,
		.connection_id = port_id,
		.port_partition_id = mshv_root_pool.partition_id,
		.port_id = port_id,
		.connection_info = *info,
	};

	return call_retry(pool, TLFS_CALL_CONNECT_PORT, &in, sizeof(in),
			  NULL, 0);
}

/**
 * hv_call_disconnect_port() - HvCallDisconnectPort, a doorbell
 * @connection_partition_id: the partition that could ring it
 * @port_id: id of the connection
 *
 * Return: 0 or a negative errno.
 */
int hv_call_disconnect_port(u64 connection_partition_id, u32 port_id)
{
	u64 in1 = port_id | (u64)TLFS_DISCONNECT_IS_DOORBELL << 32;

	return call_fast(TLFS_CALL_DISCONNECT_PORT, connection_partition_id,
			 in1);
}

/**
 * hv_call_notify_port_ring_empty() - HvCallNotifyPortRingEmpty
 * @sint: whose event ring on this CPU
 *
 * Context: Any but NMI, no preemption.
 * Return: 0 or a negative errno.
 */
int hv_call_notify_port_ring_empty(u32 sint)
{
	return call_fast(TLFS_CALL_NOTIFY_PORT_RING_EMPTY, sint, 0);
}
