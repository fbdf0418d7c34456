//! The trait that an ephemeral resource implements.

use std::future::Future;

use jiff::Timestamp;

use super::{Cx, Diagnostics, Meta, Model, Result, View};

/// A value that is made for one run and stored in no state and no plan: a token, a file of logins.
///
/// Hosts open it in the plan, if its configuration is known by then, and again in the apply, and close it when nothing
/// needs it any more. What [`Cx::remember`] keeps in `open` reaches `renew` and `close`: it stays in the host's memory.
pub trait Ephemeral<P: Send + Sync + 'static>: Send + Sync + 'static {
    /// Its configuration and result. Nothing in it is write-only: all of it is given and stored nowhere.
    type Model: Model;

    /// Its name: `disk_token`.
    const NAME: &'static str;

    /// Its documentation and limits; each of its calls may take the limit of `read`.
    const META: Meta;

    /// As [`super::Resource::validate`].
    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        let (_, _) = (config, found);
    }

    /// Fills in what is computed. If it fails, it takes away itself what it has made: `close` is not called then.
    fn open(&self, cx: &Cx<P>, model: &mut Self::Model) -> impl Future<Output = Result<Lease>> + Send;

    /// Keeps the value valid beyond the moment that the lease named; the value itself cannot change. Called beside other work.
    fn renew(&self, cx: &Cx<P>) -> impl Future<Output = Result<Lease>> + Send {
        let _ = cx;
        std::future::ready(Ok(Lease::default()))
    }

    /// Ends what `open` has begun; success if it has ended already. What `renew` remembers does not reach it.
    fn close(&self, cx: &Cx<P>) -> impl Future<Output = Result<()>> + Send {
        let _ = cx;
        std::future::ready(Ok(()))
    }
}

/// How long an ephemeral value holds without further work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lease {
    /// When the host is to call [`Ephemeral::renew`]; `None` if never.
    pub renew_at: Option<Timestamp>,
}
