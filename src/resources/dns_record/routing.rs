//! Routing policies: which of the sets of one name and type answers whom.

use crate::domain::dns::Routing;
use crate::sdk::{Model, check};

/// A routing policy.
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub struct RoutingModel {
    /// In proportion to this weight, 0 to 255.
    #[attr(check = check::range(0, 255))]
    pub weight: Option<u32>,
    /// From the AWS region that is nearest in time.
    pub region: Option<String>,
    /// `PRIMARY` or `SECONDARY`.
    #[attr(check = check::one_of(&["PRIMARY", "SECONDARY"]))]
    pub failover: Option<String>,
    /// By the place of who asks.
    pub geolocation: Option<GeolocationModel>,
    /// By distance.
    pub geoproximity: Option<GeoproximityModel>,
    /// Up to eight healthy sets at random.
    pub multivalue: Option<bool>,
    /// By the address block of who asks.
    pub cidr: Option<CidrModel>,
}

/// A place.
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub struct GeolocationModel {
    /// Two letters, such as `EU`.
    pub continent: Option<String>,
    /// Two letters, such as `DE`; `*` is everywhere else.
    pub country: Option<String>,
    /// A state of the USA or of Ukraine.
    pub subdivision: Option<String>,
}

/// A point, and how far it reaches.
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub struct GeoproximityModel {
    /// An AWS region.
    pub region: Option<String>,
    /// A local zone group.
    pub local_zone_group: Option<String>,
    /// Degrees north, with at most two decimals, such as `52.52`.
    pub latitude: Option<String>,
    /// Degrees east, with at most two decimals.
    pub longitude: Option<String>,
    /// How far it reaches beyond its share, −99 to 99.
    #[attr(default = 0, check = check::range(-99, 99))]
    pub bias: i32,
}

/// A location of a CIDR collection.
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub struct CidrModel {
    /// The collection.
    pub collection_id: String,
    /// The location within it, or `*`.
    pub location: String,
}

impl RoutingModel {
    /// How many policies are given.
    pub fn count(&self) -> usize {
        let given = [
            self.weight.is_some(),
            self.region.is_some(),
            self.failover.is_some(),
            self.geolocation.is_some(),
            self.geoproximity.is_some(),
            self.multivalue == Some(true),
            self.cidr.is_some(),
        ];
        given.into_iter().filter(|given| *given).count()
    }

    /// The policy.
    pub fn routing(&self) -> Option<Routing> {
        if let Some(weight) = self.weight {
            return Some(Routing::Weighted(u8::try_from(weight).unwrap_or(u8::MAX)));
        }
        if let Some(region) = &self.region {
            return Some(Routing::Latency(region.clone()));
        }
        if let Some(role) = &self.failover {
            return Some(if role == "PRIMARY" { Routing::Primary } else { Routing::Secondary });
        }
        if let Some(GeolocationModel { continent, country, subdivision }) = self.geolocation.clone() {
            return Some(Routing::Geolocation { continent, country, subdivision });
        }
        if let Some(place) = self.geoproximity.clone() {
            let GeoproximityModel { region, local_zone_group, latitude, longitude, bias } = place;
            return Some(Routing::Geoproximity {
                region,
                local_zone_group,
                coordinates: latitude.zip(longitude),
                bias,
            });
        }
        if let Some(CidrModel { collection_id, location }) = self.cidr.clone() {
            return Some(Routing::Cidr { collection_id, location });
        }
        (self.multivalue == Some(true)).then_some(Routing::Multivalue)
    }
}

impl From<&Routing> for RoutingModel {
    fn from(routing: &Routing) -> Self {
        let mut model = Self::default();
        match routing.clone() {
            Routing::Weighted(weight) => model.weight = Some(u32::from(weight)),
            Routing::Latency(region) => model.region = Some(region),
            Routing::Primary => model.failover = Some("PRIMARY".to_owned()),
            Routing::Secondary => model.failover = Some("SECONDARY".to_owned()),
            Routing::Geolocation { continent, country, subdivision } => {
                model.geolocation = Some(GeolocationModel { continent, country, subdivision });
            }
            Routing::Geoproximity { region, local_zone_group, coordinates, bias } => {
                let (latitude, longitude) = coordinates.unzip();
                model.geoproximity = Some(GeoproximityModel { region, local_zone_group, latitude, longitude, bias });
            }
            Routing::Multivalue => model.multivalue = Some(true),
            Routing::Cidr { collection_id, location } => model.cidr = Some(CidrModel { collection_id, location }),
        }
        model
    }
}
