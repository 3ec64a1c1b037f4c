# The two commands: `make run` shows a pipeline at work, `make test` builds and tests everything.
BUILD ?= build
JOBS ?= 2
OUT ?= out

.PHONY: all build run test bench install asan tsan random clean setup
SEED ?= 1
COUNT ?= 20000

all: build

setup:
	@tools/setup.sh

build: setup
	@cmake -S . -B $(BUILD) -DCMAKE_BUILD_TYPE=Release >$(BUILD).log 2>&1 || { cat $(BUILD).log; exit 1; }
	@cmake --build $(BUILD) -j $(JOBS)
	@rm -f $(BUILD).log

# Makes a year of wind over a small globe, and runs a pipeline over it on 4 virtual engines.
run: build
	@mkdir -p $(OUT)
	$(BUILD)/examples/make_input $(OUT)
	$(BUILD)/tools/da info $(OUT)/u.npy $(OUT)/v.npy
	$(BUILD)/tools/da run examples/wind.json -D DATA=$(abspath $(OUT)) --engines 4

test: build
	@cd $(BUILD) && ctest --output-on-failure -j $(JOBS)

# Workloads beside the same written by hand in C, and beside NumPy, numexpr, Numba and Dask where they are installed.
bench: build
	bench/table.py $(BUILD)

install: build
	cmake --install $(BUILD)

asan tsan: setup
	cmake --preset $@
	cmake --build --preset $@ -j $(JOBS)
	cd build-$@ && ctest --output-on-failure -j $(JOBS) -LE $(if $(filter tsan,$@),'slow|mpi',slow)

# Any number of random graphs against NumPy, from any seed.
random: build
	$(BUILD)/tests/random/random_graphs --seed $(SEED) --count $(COUNT)

clean:
	rm -rf build build-dev build-asan build-tsan $(OUT)
