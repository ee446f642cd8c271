# Every target sets up what is missing first. Options: make demo ARGS="--for 30s"
ARGS ?=

# Node 24 and Bun as npm installed them. Set per recipe: set-up itself must run on the machine's own Node.
WITH_RUNTIMES = PATH="$(CURDIR)/node_modules/.bin:$$PATH"

.PHONY: demo test ok e2e h2spec grpc-interop websocket crds gamma cluster-up cluster-down test-kube gateway-conformance chart bench soak fuzz clean

demo:
	@tools/setup.sh demo
	@bin/heddle demo $(ARGS)

test:
	@tools/setup.sh test
	@$(WITH_RUNTIMES) node tools/ok.ts --all
	@$(WITH_RUNTIMES) node tools/test-e2e.ts

ok:
	@tools/setup.sh
	@$(WITH_RUNTIMES) node tools/ok.ts $(ARGS)

e2e:
	@tools/setup.sh e2e
	@$(WITH_RUNTIMES) node tools/test-e2e.ts $(ARGS)

h2spec:
	@tools/setup.sh h2spec
	@$(WITH_RUNTIMES) node tools/suites/h2spec.ts $(ARGS)

grpc-interop:
	@tools/setup.sh grpc-interop
	@$(WITH_RUNTIMES) node tools/suites/grpc-interop.ts $(ARGS)

websocket:
	@tools/setup.sh websocket
	@$(WITH_RUNTIMES) node tools/suites/websocket.ts $(ARGS)

crds:
	@tools/setup.sh crds
	@$(WITH_RUNTIMES) node tools/suites/crds.ts $(ARGS)

gamma:
	@tools/setup.sh gamma
	@$(WITH_RUNTIMES) node tools/suites/gamma.ts $(ARGS)

cluster-up:
	@tools/setup.sh kube
	@$(WITH_RUNTIMES) node e2e/cluster/cluster-up.ts $(ARGS)

cluster-down:
	@$(WITH_RUNTIMES) node e2e/cluster/cluster-down.ts $(ARGS)

test-kube:
	@tools/setup.sh kube
	@$(WITH_RUNTIMES) node tools/test-kube.ts $(ARGS)

chart:
	@tools/setup.sh chart
	@$(WITH_RUNTIMES) node tools/suites/chart.ts $(ARGS)

gateway-conformance:
	@tools/setup.sh gateway-conformance
	@$(WITH_RUNTIMES) node tools/suites/gateway-conformance.ts $(ARGS)

bench:
	@tools/setup.sh bench
	@$(WITH_RUNTIMES) node bench/main.ts $(ARGS)

soak:
	@tools/setup.sh soak
	@$(WITH_RUNTIMES) node e2e/soak.ts $(ARGS)

fuzz:
	@tools/setup.sh fuzz
	@$(WITH_RUNTIMES) node packages/http/fuzz/main.ts $(ARGS)

clean:
	rm -rf node_modules coverage bench/.work
