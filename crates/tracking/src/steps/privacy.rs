//! What is forgotten before anything is written.

use std::net::IpAddr;

use sha1::{Digest, Sha1};

use super::Enriching;
use super::identity::hex;
use crate::geo::anonymise_address;
use crate::hit::stored_ip;
use crate::outcome::Stop;
use crate::rules::InstanceRules;

/// Masks the address and replaces the order number; the user's name is a hash already.
pub fn forget(hit: &mut Enriching<'_>) -> Result<(), Stop> {
    let address = masked(hit.ip, hit.rules);
    hit.hit.ip = stored_ip(address, hit.mapped_ip);
    if hit.rules.anonymise_order
        && let Some(shop) = &mut hit.hit.ecommerce
        && !shop.order.is_empty()
    {
        let drawn = [(hit.random)(), (hit.random)(), (hit.random)()];
        let bytes: Vec<u8> = drawn
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect();
        shop.order = hex(&Sha1::digest(bytes));
    }
    Ok(())
}

/// The address as it may be stored.
pub fn masked(address: IpAddr, rules: &InstanceRules) -> IpAddr {
    if !rules.mask_ip {
        return address;
    }
    anonymise_address(
        address,
        u8::try_from(rules.mask_ip_bytes.clamp(0, 4)).unwrap_or(4),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_masked() {
        for (length, address, expected) in [
            (0, "1.2.3.4", "1.2.3.4"),
            (1, "1.2.3.4", "1.2.3.0"),
            (2, "1.2.3.4", "1.2.0.0"),
            (4, "1.2.3.4", "0.0.0.0"),
            (9, "1.2.3.4", "0.0.0.0"),
            (2, "::ffff:1.2.3.4", "1.2.0.0"),
            (0, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6"),
            (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            (2, "2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
            (3, "2001:db8:1:2:3:4:5:6", "2001:d00::"),
            (4, "2001:db8:1:2:3:4:5:6", "::"),
        ] {
            let rules = InstanceRules {
                mask_ip_bytes: length,
                ..InstanceRules::default()
            };
            let address = address.parse().expect("an address");
            assert_eq!(
                masked(address, &rules).to_string(),
                expected,
                "{length} {address}"
            );
        }
    }
}
