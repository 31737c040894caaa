# The worker on a machine of one's own; serve.sh says where it listens.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "receiver", worker = .receiver)],
  sockets = [(name = "http", http = (), service = "receiver")],
);

const receiver :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "dist/worker.js")],
  bindings = [(name = "WEBHOOK_SECRETS", fromEnvironment = "WEBHOOK_SECRETS")],
  compatibilityDate = "2026-11-01",
);
