# SPDX-License-Identifier: GPL-2.0
# Front door for those who have the packages; ./run sees to them first.

export BUILD := $(CURDIR)/build
export PYTHONDONTWRITEBYTECODE := 1
export JOBS ?= $(shell nproc)

IMAGE := $(BUILD)/image
BZIMAGE := $(BUILD)/kernel/arch/x86/boot/bzImage
HV := $(BUILD)/hypervisor/hv.elf
VMM := $(BUILD)/vmm/mshv-vmm
HYPERCALLS := $(BUILD)/hypercalls/arch/x86/boot/bzImage

help:
	@echo 'make TARGET, or ./run TARGET, which also installs what is lacking:'
	@echo
	@sed -n 's/^\([a-z-]*\):.*## /  \1	/p' $(MAKEFILE_LIST) | expand -t 14
	@echo
	@echo 'KERNEL_SRC=dir takes another 5.10.y tree than Debian'"'"'s.'

run: build ## boot the root partition and guests in it; show the console
	@harness/boot --live run

shell: build ## boot the root partition to a prompt
	@harness/boot --shell shell

test: build debug-kernel ## all tests; the last line counts them
	@$(MAKE) -s $(IMAGE)/qemu.img || echo "test: goes on without Debian's QEMU"
	@harness/test

long: build unsupported-kernel ## the boots that take minutes: longer loops, more CPUs
	@harness/test --group long

debug: build debug-kernel ## boots of a kernel with KASAN, lockdep, kmemleak and failing allocations
	@harness/test --group debug

qemu-guest: build $(IMAGE)/qemu.img $(IMAGE)/qemu-disk.img ## guests under Debian's QEMU with -accel mshv in the root
	@harness/test --group qemu

rust-vmm: build ## the tests that the Rust bindings of /dev/mshv bring along, in the root
	@harness/rust-vmm
	@harness/test --group rust-vmm

check: kernel ## style of the kernel code: checkpatch, sparse, W=1, kernel-doc
	@harness/check

matrix: tree ## build the kernels of configs/matrix: options on, off, modular
	@harness/matrix

each: tree ## build the kernel after each patch of the series
	@harness/each

compare: build base-kernel ## the kernel against the one without the series, where it is not the root
	@harness/compare compare compare-guest

bench: build ## what operations cost (instructions, hypercalls); boot times of root and guests [RUNS=n]
	@harness/bench-operations
	@harness/bench $(RUNS)

soak: build ## many boots with 2 CPUs, each CPU seen inside the hypervisor [RUNS=n]
	@harness/soak $(RUNS)

# The base: Debian's package, or whatever tree KERNEL_SRC names.
tree: ## base kernel + series: build/linux, a git tree with one commit per patch
ifdef KERNEL_SRC
	@harness/tree --dir '$(KERNEL_SRC)'
else
	@harness/fetch source
	@harness/tree --deb $(BUILD)/cache/source.deb
endif

tree-save: ## edits made in build/linux back into overlay and series [PATCH=name]
	@harness/tree-save $(PATCH)

series: tree ## mailable patches in build/series
	@harness/mail

deb: tree ## Debian packages of the kernel in build [CONFIG=/boot/config-...]
	@harness/deb $(CONFIG)

build: $(IMAGE)/root.cpio $(IMAGE)/disk.img $(IMAGE)/stock-guest.cpio $(IMAGE)/stock-later.cpio $(HV) $(HYPERCALLS) ## everything a boot needs

kernel: tree ## only the kernel
	@harness/kernel kernel configs/kernel.config

debug-kernel: tree
	@harness/kernel debug configs/kernel.config configs/debug.config

# One that is not able to be the root.
unsupported-kernel: tree
	@grep -v '^CONFIG_MSHV' configs/kernel.config >$(BUILD)/unsupported.config
	@harness/kernel unsupported $(BUILD)/unsupported.config

# The kernel that the series is applied to.
base-kernel: tree
	@[ -d $(BUILD)/linux-base ] || git -C $(BUILD)/linux worktree add -qf --detach ../linux-base
	@git -C $(BUILD)/linux-base checkout -q --detach $$(git -C $(BUILD)/linux rev-list --max-parents=0 HEAD)
	@grep -v '^CONFIG_MSHV' configs/kernel.config >$(BUILD)/base.config
	@TREE=$(BUILD)/linux-base harness/kernel base $(BUILD)/base.config

clean: ## remove what was built; keep downloads and the kernel tree
	rm -rf $(filter-out $(BUILD)/cache $(BUILD)/linux,$(wildcard $(BUILD)/*))

distclean: ## remove build/ altogether
	rm -rf $(BUILD)

# Each of these has its own way to know what is out of date: ask it every time,
# and rebuild what depends on it only when its file is newer afterwards.
$(BZIMAGE): kernel ;

$(HV): FORCE
	@$(MAKE) -s -C hypervisor O=$(@D)

$(HYPERCALLS): FORCE
	@$(MAKE) -s -C tests/hypercall O=$(BUILD)/hypercalls

$(VMM): FORCE
	@$(MAKE) -s -C samples/mshv O=$(@D) UAPI=$(CURDIR)/include/uapi $@

$(BUILD)/selftests/stamp: kernel
	@harness/selftests

$(BUILD)/cache/%.deb:
	@harness/fetch $*

# Packaged kernels that boot as root.
$(IMAGE)/stock-%.cpio: $(BUILD)/cache/%.deb $(IMAGE)/root.cpio harness/stock harness/modules
	@harness/stock $*

.PRECIOUS: $(BUILD)/cache/%.deb

$(IMAGE)/root.cpio: $(wildcard tests/root/* tests/root/jobs/*) harness/image $(VMM) $(BUILD)/selftests/stamp $(BZIMAGE)
	@harness/image root

$(IMAGE)/guest.cpio: $(wildcard tests/guest/*) harness/image $(BZIMAGE)
	@harness/image guest

$(IMAGE)/disk.img: $(BZIMAGE) $(BUILD)/cache/guest.deb $(IMAGE)/guest.cpio harness/image harness/modules
	@harness/image disk

$(BUILD)/cache/qemu/pins: harness/qemu-packages
	@harness/fetch qemu
	@touch $@

$(IMAGE)/qemu.img: $(BUILD)/cache/qemu/pins harness/qemu-image
	@harness/qemu-image

$(IMAGE)/qemu-disk.img: $(BUILD)/cache/qemu/pins $(BUILD)/cache/guest.deb harness/qemu-disk | $(IMAGE)/root.cpio
	@harness/qemu-disk

.PHONY: help run shell test long debug debug-kernel base-kernel unsupported-kernel qemu-guest rust-vmm check compare matrix each bench soak tree tree-save series deb build kernel clean distclean FORCE
