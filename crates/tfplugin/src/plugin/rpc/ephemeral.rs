//! Calls about ephemeral resources.

use super::super::engine::refresh;
use super::super::proto::tfplugin6 as proto;
use super::{Service, value};
use crate::explain::Explanation;
use crate::sdk::{Lease, Private, Provider};

impl<P: Provider> Service<P> {
    pub(super) fn validate_ephemeral(
        &self,
        request: &proto::validate_ephemeral_resource_config::Request,
    ) -> Result<proto::validate_ephemeral_resource_config::Response, Explanation> {
        let diagnostics = self.validated(self.ephemeral(&request.type_name)?, request.config.as_ref())?;
        Ok(proto::validate_ephemeral_resource_config::Response { diagnostics })
    }

    pub(super) async fn open(
        &self,
        request: proto::open_ephemeral_resource::Request,
    ) -> Result<proto::open_ephemeral_resource::Response, Explanation> {
        let ephemeral = self.ephemeral(&request.type_name)?;
        let schema = ephemeral.schema();
        let r#type = schema.value_type();
        let (config, nulls) = value::read(request.config.as_ref(), schema, &r#type)?;
        let cx = self.context(ephemeral.meta().limits.overridden_by(&config).read, Private::default())?;
        let (opened, lease) = ephemeral.open(&cx, config.clone()).await?;
        let mut result = refresh::settled(schema, &config, opened);
        nulls.put_back(&mut result);
        Ok(proto::open_ephemeral_resource::Response {
            diagnostics: self.diagnostics(&cx.notes()),
            renew_at: renew_at(lease),
            result: Some(value::write(&result, &r#type)?),
            private: Some(cx.private().to_bytes()),
            deferred: None,
        })
    }

    pub(super) async fn renew(
        &self,
        request: proto::renew_ephemeral_resource::Request,
    ) -> Result<proto::renew_ephemeral_resource::Response, Explanation> {
        let ephemeral = self.ephemeral(&request.type_name)?;
        let cx = self.context(ephemeral.meta().limits.read, remembered(request.private))?;
        let lease = ephemeral.renew(&cx).await?;
        Ok(proto::renew_ephemeral_resource::Response {
            diagnostics: self.diagnostics(&cx.notes()),
            renew_at: renew_at(lease),
            private: Some(cx.private().to_bytes()),
        })
    }

    pub(super) async fn close(
        &self,
        request: proto::close_ephemeral_resource::Request,
    ) -> Result<proto::close_ephemeral_resource::Response, Explanation> {
        let ephemeral = self.ephemeral(&request.type_name)?;
        let cx = self.context(ephemeral.meta().limits.read, remembered(request.private))?;
        ephemeral.close(&cx).await?;
        Ok(proto::close_ephemeral_resource::Response { diagnostics: self.diagnostics(&cx.notes()) })
    }
}

fn remembered(private: Option<Vec<u8>>) -> Private {
    Private::from_bytes(&private.unwrap_or_default())
}

fn renew_at(lease: Lease) -> Option<prost_types::Timestamp> {
    let at = lease.renew_at?;
    Some(prost_types::Timestamp { seconds: at.as_second(), nanos: at.subsec_nanosecond() })
}
