/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /dev/mshv: tracepoints.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM mshv

#if !defined(_MSHV_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _MSHV_TRACE_H

#include <linux/tracepoint.h>

TRACE_EVENT(mshv_partition,
	TP_PROTO(u64 id, const char *what, int ret),
	TP_ARGS(id, what, ret),
	TP_STRUCT__entry(
		__field(u64, id)
		__string(what, what)
		__field(int, ret)
	),
	TP_fast_assign(
		__entry->id = id;
		__assign_str(what, what);
		__entry->ret = ret;
	),
	TP_printk("p%llu %s ret=%d", __entry->id, __get_str(what), __entry->ret)
);

TRACE_EVENT(mshv_ledger,
	TP_PROTO(u64 id, int from, int to, s64 nr_pages),
	TP_ARGS(id, from, to, nr_pages),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(int, from)
		__field(int, to)
		__field(s64, nr_pages)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->from = from;
		__entry->to = to;
		__entry->nr_pages = nr_pages;
	),
	TP_printk("p%llu %d->%d pages=%lld", __entry->id, __entry->from,
		  __entry->to, __entry->nr_pages)
);

TRACE_EVENT(mshv_region,
	TP_PROTO(u64 id, const char *what, u64 gfn, u64 nr_pages, int ret),
	TP_ARGS(id, what, gfn, nr_pages, ret),
	TP_STRUCT__entry(
		__field(u64, id)
		__string(what, what)
		__field(u64, gfn)
		__field(u64, nr_pages)
		__field(int, ret)
	),
	TP_fast_assign(
		__entry->id = id;
		__assign_str(what, what);
		__entry->gfn = gfn;
		__entry->nr_pages = nr_pages;
		__entry->ret = ret;
	),
	TP_printk("p%llu %s gfn=%#llx pages=%llu ret=%d", __entry->id,
		  __get_str(what), __entry->gfn, __entry->nr_pages,
		  __entry->ret)
);

TRACE_EVENT(mshv_hvcall,
	TP_PROTO(u16 code, u16 reps, u16 done, u64 status),
	TP_ARGS(code, reps, done, status),
	TP_STRUCT__entry(
		__field(u16, code)
		__field(u16, reps)
		__field(u16, done)
		__field(u64, status)
	),
	TP_fast_assign(
		__entry->code = code;
		__entry->reps = reps;
		__entry->done = done;
		__entry->status = status;
	),
	TP_printk("code=%#x reps=%u done=%u status=%#llx", __entry->code,
		  __entry->reps, __entry->done, __entry->status)
);

TRACE_EVENT(mshv_run_entry,
	TP_PROTO(u64 id, u32 vp_index),
	TP_ARGS(id, vp_index),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, vp_index)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->vp_index = vp_index;
	),
	TP_printk("p%lluvp%u", __entry->id, __entry->vp_index)
);

TRACE_EVENT(mshv_run_exit,
	TP_PROTO(u64 id, u32 vp_index, u32 type, int ret),
	TP_ARGS(id, vp_index, type, ret),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, vp_index)
		__field(u32, type)
		__field(int, ret)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->vp_index = vp_index;
		__entry->type = type;
		__entry->ret = ret;
	),
	TP_printk("p%lluvp%u message=%#x ret=%d", __entry->id,
		  __entry->vp_index, __entry->type, __entry->ret)
);

TRACE_EVENT(mshv_message,
	TP_PROTO(u32 type, u64 sender),
	TP_ARGS(type, sender),
	TP_STRUCT__entry(
		__field(u32, type)
		__field(u64, sender)
	),
	TP_fast_assign(
		__entry->type = type;
		__entry->sender = sender;
	),
	TP_printk("type=%#x sender=%#llx", __entry->type, __entry->sender)
);

TRACE_EVENT(mshv_interrupt,
	TP_PROTO(u64 id, u8 vector, u32 destination, int ret),
	TP_ARGS(id, vector, destination, ret),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u8, vector)
		__field(u32, destination)
		__field(int, ret)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->vector = vector;
		__entry->destination = destination;
		__entry->ret = ret;
	),
	TP_printk("p%llu vector=%#x destination=%#x ret=%d", __entry->id,
		  __entry->vector, __entry->destination, __entry->ret)
);

#endif /* _MSHV_TRACE_H */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE mshv_trace
#include <trace/define_trace.h>
