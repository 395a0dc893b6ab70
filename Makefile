# SPDX-License-Identifier: GPL-2.0
# Front door for those who have the packages; ./run sees to them first.

export BUILD := $(CURDIR)/build
export PYTHONDONTWRITEBYTECODE := 1
JOBS := $(shell nproc)
export JOBS

help:
	@echo 'make TARGET, or ./run TARGET, which also installs what is lacking:'
	@echo
	@sed -n 's/^\([a-z-]*\):.*## /  \1	/p' $(MAKEFILE_LIST) | expand -t 14
	@echo
	@echo 'KERNEL_SRC=dir takes another 5.10.y tree than Debian'"'"'s.'

# The base: Debian's package, or whatever tree KERNEL_SRC names.
ifdef KERNEL_SRC
tree:
	@harness/tree --dir '$(KERNEL_SRC)'
else
tree: ## base kernel + series: build/linux, a git tree with one commit per patch
	@harness/fetch source
	@harness/tree --deb $(BUILD)/cache/source.deb
endif

tree-save: ## edits made in build/linux back into overlay and series/ [PATCH=name]
	@harness/tree-save $(PATCH)

series: tree ## mailable patches in build/series
	@harness/mail

kernel: tree ## build the kernel from build/linux
	@harness/kernel kernel configs/kernel.config

clean: ## remove what was built; keep downloads and the kernel tree
	rm -rf $(filter-out $(BUILD)/cache $(BUILD)/linux,$(wildcard $(BUILD)/*))

distclean: ## remove build/ altogether
	rm -rf $(BUILD)

.PHONY: help tree tree-save series kernel clean distclean
