//! How many connections there are, in all and of each address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::telemetry::ConnectionSeries;

/// A clone is one counter.
#[derive(Clone)]
pub struct Connections {
    most: usize,
    most_of_address: usize,
    open: Arc<Mutex<Open>>,
}

#[derive(Default)]
struct Open {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// Which limit is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    All,
    Address,
}

impl Full {
    pub fn word(self) -> &'static str {
        match self {
            Full::All => "total",
            Full::Address => "address",
        }
    }
}

impl Connections {
    pub fn new(most: usize, most_of_address: usize) -> Connections {
        Connections { most, most_of_address, open: Arc::default() }
    }

    pub fn admit(&self, peer: IpAddr, series: &ConnectionSeries) -> Result<Place, Full> {
        let address = owner(peer);
        let mut open = self.open();
        if open.all >= self.most {
            return Err(Full::All);
        }
        let own = open.by_address.entry(address).or_default();
        if *own >= self.most_of_address {
            return Err(Full::Address);
        }
        *own += 1;
        open.all += 1;
        series.opened();
        Ok(Place { connections: self.clone(), address, series: series.clone() })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection's; free again when it is dropped.
pub struct Place {
    connections: Connections,
    address: IpAddr,
    series: ConnectionSeries,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.series.closed();
        let mut open = self.connections.open();
        open.all -= 1;
        if let Some(own) = open.by_address.get_mut(&self.address) {
            *own -= 1;
            if *own == 0 {
                open.by_address.remove(&self.address);
            }
        }
    }
}

/// Whoever has an address of IPv6 has all of its network.
fn owner(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        canonical => canonical,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Metrics;

    #[test]
    fn places_are_counted_by_address_and_in_all_and_come_back() {
        let series = Metrics::new().expect("metrics").connection_series();
        let connections = Connections::new(5, 2);
        let admit = |peer: &str| connections.admit(peer.parse().expect("an address"), &series);
        let first = [admit("10.0.0.1"), admit("::ffff:10.0.0.1")];
        assert_eq!(admit("10.0.0.1").err(), Some(Full::Address), "one address, however it is written");
        let second = [admit("2001:db8::1"), admit("2001:db8::2")];
        assert_eq!(admit("2001:db8::3").err(), Some(Full::Address), "one network");
        let last = admit("2001:db8:1::1");
        assert_eq!(admit("10.0.0.9").err(), Some(Full::All));
        drop(first);
        assert!(admit("10.0.0.1").is_ok());
        drop((second, last));
        let open = connections.open();
        assert_eq!((open.all, open.by_address.len()), (0, 0));
    }
}
