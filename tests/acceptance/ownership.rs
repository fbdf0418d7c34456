//! One owner for each object: what a renamed address, `create_before_destroy`, a second state or a taint do to what stands.

mod broken;
mod killed;
mod law;
mod leftovers;
mod moments;
mod subjects;
mod terminating;
