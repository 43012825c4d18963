//! The truth behind the silos: who the partners and customers are and what makes them buy and
//! recommend. Every planted effect is a constant here. Knows nothing of files.

use std::collections::BTreeMap;

use super::calendar::{DAYS, Day, QUARTERS, START, quarter_start};
use super::chance::Chance;
use super::names::{COUNTRIES, Country, Person, REGIONS, mail, respell};

/// What a kind of customer is like.
pub struct Segment {
    /// Its name in the truth tables.
    pub name: &'static str,
    /// Orders a year while the customer stays.
    pub orders_per_year: f64,
    /// Shift of loyalty, see [`World::loyalty`].
    pub loyalty: f64,
    /// How many of a product are ordered at once, on average.
    pub quantity: f64,
    /// Weights of the four price classes of products.
    pub classes: [f64; 4],
    /// Mean discount in per cent.
    pub discount: f64,
    /// Chance to leave for good after an order.
    pub leaves: f64,
    /// Share of orders sent back.
    pub returns: f64,
    /// Chance of a customer of this segment to be a key account.
    pub key: f64,
}

/// The four kinds of customer: profitable and loyal, profitable but not loyal, loyal but small, neither.
pub const SEGMENTS: [Segment; 4] = [
    Segment {
        name: "steady grower",
        orders_per_year: 5.2,
        loyalty: 0.7,
        quantity: 2.6,
        classes: [0.15, 0.35, 0.35, 0.15],
        discount: 3.0,
        leaves: 0.012,
        returns: 0.02,
        key: 0.5,
    },
    Segment {
        name: "one-off project",
        orders_per_year: 1.3,
        loyalty: -0.5,
        quantity: 3.5,
        classes: [0.05, 0.15, 0.3, 0.5],
        discount: 6.0,
        leaves: 0.18,
        returns: 0.03,
        key: 0.4,
    },
    Segment {
        name: "small regular",
        orders_per_year: 4.2,
        loyalty: 0.35,
        quantity: 1.6,
        classes: [0.7, 0.25, 0.05, 0.0],
        discount: 2.0,
        leaves: 0.02,
        returns: 0.02,
        key: 0.05,
    },
    Segment {
        name: "bargain hunter",
        orders_per_year: 2.1,
        loyalty: -0.75,
        quantity: 1.5,
        classes: [0.6, 0.3, 0.1, 0.0],
        discount: 24.0,
        leaves: 0.08,
        returns: 0.09,
        key: 0.05,
    },
];

/// Industry: English name, name in the German CRM, share of customers, shares of the [`SEGMENTS`] in it.
pub const INDUSTRIES: [(&str, &str, f64, [f64; 4]); 6] = [
    ("Laboratories", "Labore", 0.20, [0.48, 0.12, 0.28, 0.12]),
    ("Food and beverage", "Lebensmittel", 0.18, [0.22, 0.10, 0.43, 0.25]),
    ("Machinery", "Maschinenbau", 0.22, [0.16, 0.24, 0.26, 0.34]),
    ("Utilities", "Versorger", 0.14, [0.26, 0.34, 0.22, 0.18]),
    ("Automotive", "Automobil", 0.16, [0.08, 0.24, 0.22, 0.46]),
    ("Education", "Bildung", 0.10, [0.06, 0.08, 0.50, 0.36]),
];

/// Job roles, each with its share and the position of its persona in [`PERSONAS`].
pub const ROLES: [(&str, &str, f64, usize); 8] = [
    ("Head of Procurement", "Leitung Einkauf", 0.12, 0),
    ("Buyer", "Einkauf", 0.16, 0),
    ("Test Engineer", "Prüfingenieur", 0.16, 1),
    ("Lab Manager", "Laborleitung", 0.14, 1),
    ("Plant Manager", "Werksleitung", 0.12, 2),
    ("Maintenance Lead", "Leitung Instandhaltung", 0.12, 2),
    ("Managing Director", "Geschäftsführung", 0.10, 3),
    ("Finance Director", "Leitung Finanzen", 0.08, 3),
];

/// Persona: name and shift of loyalty.
pub const PERSONAS: [(&str, f64); 4] =
    [("Procurement", -0.25), ("Technical", 0.3), ("Operations", 0.05), ("Executive", -0.15)];

/// Buying phase: name and share of answers.
pub const PHASES: [(&str, f64); 5] = [
    ("Become aware", 0.18),
    ("Consider", 0.20),
    ("Compare offers", 0.22),
    ("Buy", 0.15),
    ("Use and renew", 0.25),
];

/// Where people inform themselves.
pub const SOURCES: [&str; 7] = [
    "Search engine",
    "Trade press",
    "Colleagues",
    "Partner adviser",
    "Vendor website",
    "Trade fair",
    "Social media",
];

// How much likelier than elsewhere a source is in a phase, and for a persona.
const PHASE_TILT: [[f64; 7]; 5] = [
    [1.8, 1.6, 1.0, 0.3, 0.6, 1.5, 1.8],
    [1.6, 1.3, 1.1, 0.6, 1.2, 1.2, 1.0],
    [0.9, 1.0, 1.0, 1.5, 1.8, 0.8, 0.5],
    [0.4, 0.3, 0.9, 3.0, 1.6, 0.4, 0.3],
    [0.8, 0.7, 1.6, 1.8, 1.2, 0.5, 0.7],
];
const PERSONA_TILT: [[f64; 7]; 4] = [
    [1.2, 0.6, 0.8, 1.6, 1.6, 0.7, 0.5],
    [1.4, 1.9, 1.2, 0.7, 1.2, 1.1, 1.2],
    [0.8, 0.9, 1.4, 1.6, 0.8, 1.2, 0.7],
    [0.6, 1.3, 1.7, 0.9, 0.5, 1.5, 1.3],
];

/// Channel of a touchpoint, and what its presence on a lead's path adds to the chance of winning.
pub const CHANNELS: [(&str, f64); 10] = [
    ("search", 0.0),
    ("display", 0.0),
    ("email", 0.05),
    ("social", 0.02),
    ("content", 0.07),
    ("webinar", 0.10),
    ("trade_fair", 0.06),
    ("sales_call", 0.12),
    ("partner_event", 0.09),
    ("advocate_referral", 0.20),
];
/// Chance of winning a lead on whose path no channel has an effect.
pub const WIN_BASE: f64 = 0.10;
/// What one unit of partner quality adds to the chance of winning.
pub const WIN_QUALITY: f64 = 0.06;

/// Quality of partners by region: mean of a spread of one. APAC's are the weak ones.
pub const QUALITY_MEAN: [f64; 3] = [0.35, 0.25, -0.85];
/// Loyalty for a unit of partner quality.
pub const LOYALTY_QUALITY: f64 = 1.2;
/// Loyalty when the customer's segment is the partner's specialty.
pub const LOYALTY_SPECIALTY: f64 = 0.45;
/// Loyalty gained a quarter, by region.
pub const LOYALTY_TREND: [f64; 3] = [0.05, 0.0, -0.04];
/// Sales growth a year of a partner of quality 0, and for a unit of quality.
pub const GROWTH: (f64, f64) = (0.06, 0.22);
/// Orders of a month against the average month.
pub const SEASON: [f64; 12] = [0.85, 0.90, 1.08, 1.0, 1.0, 1.06, 0.88, 0.72, 1.10, 1.12, 1.20, 1.09];
/// Share of customers that buy without a partner.
pub const DIRECT: f64 = 0.15;

/// A partner: a dealer who sells the company's instruments.
pub struct Partner {
    /// Position in [`COUNTRIES`].
    pub country: usize,
    /// Name of the firm.
    pub name: String,
    /// How good it is: mean by region, spread one. Drives growth, loyalty, answering and following up.
    pub quality: f64,
    /// How many customers it draws, against the others. Independent of quality.
    pub size: f64,
    /// Planted growth a year.
    pub growth: f64,
    /// Position in [`SEGMENTS`] of the customers it treats best.
    pub specialty: usize,
    /// Year the owner was born: younger owners run better partners.
    pub owner_born: i32,
    /// Employees: follows size, not quality.
    pub employees: u32,
    /// Staff who passed the vendor's training: follows quality.
    pub trained: u32,
    /// What it asks the vendor for: good partners for training, weak ones for leads.
    pub asks_for: &'static str,
    /// First day of the contract.
    pub since: Day,
}

/// A customer: one person who buys for a firm.
pub struct Customer {
    /// Position in [`COUNTRIES`].
    pub country: usize,
    /// Position in [`World::partners`]; none: buys directly.
    pub partner: Option<usize>,
    /// Position in [`SEGMENTS`].
    pub segment: usize,
    /// Position in [`INDUSTRIES`].
    pub industry: usize,
    /// Position in [`ROLES`].
    pub role: usize,
    /// A key account; the survey asks these twice as often.
    pub key: bool,
    /// Orders a year, before season and growth.
    pub rate: f64,
    /// First day as a customer.
    pub joined: Day,
    /// Leaves without ever complaining.
    pub silent: bool,
    /// Is in the CRM.
    pub crm: bool,
    /// Is registered in the web shop.
    pub web: bool,
    /// Is in the CRM alone, and without a mail address.
    pub no_mail: bool,
    /// Registered in the web shop with another mail address than in the CRM.
    pub other_mail: bool,
    given: u8,
    family: u8,
    firm: u32,
}

/// Everyone there is.
pub struct World {
    /// How large, 1 for the committed sample.
    pub scale: f64,
    /// All partners; a partner's number is its position and one.
    pub partners: Vec<Partner>,
    /// All customers; a customer's number is its position and one.
    pub customers: Vec<Customer>,
}

/// Chances that an answer is a detractor's and a promoter's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answers {
    /// 0 to 6.
    pub detractors: f64,
    /// 9 or 10.
    pub promoters: f64,
}

impl World {
    /// The people of a seed. Customers grow with the scale, partners with its square root.
    pub fn build(scale: f64, seed: u64) -> Self {
        let mut world = Self { scale, partners: partners(scale, seed), customers: Vec::new() };
        world.customers = customers(scale, seed, &world.partners);
        world
    }

    /// `per_unit` things at scale 1, at least one.
    pub fn scaled(&self, per_unit: f64) -> usize {
        (per_unit * self.scale).round().max(1.0) as usize
    }

    /// The customer's country.
    pub fn country(&self, customer: usize) -> &'static Country {
        &COUNTRIES[self.customers[customer].country]
    }

    /// The customer's name as they would write it.
    pub fn person(&self, customer: usize) -> Person {
        let it = &self.customers[customer];
        COUNTRIES[it.country].person(it.given, it.family)
    }

    /// The customer's firm.
    pub fn firm(&self, customer: usize) -> String {
        self.country(customer).firm(self.customers[customer].firm as usize)
    }

    /// The town of the customer's firm.
    pub fn town(&self, customer: usize) -> &'static str {
        self.country(customer).town(self.customers[customer].firm as usize)
    }

    /// The customer's own mail address. No two customers have the same.
    pub fn mail(&self, customer: usize) -> String {
        let host = self.country(customer).host(self.customers[customer].firm as usize);
        mail(&self.person(customer), &host)
    }

    /// The address the customer gave the web shop.
    pub fn web_mail(&self, customer: usize) -> String {
        if self.customers[customer].other_mail {
            self.private_mail(customer, "mail")
        } else {
            self.mail(customer)
        }
    }

    /// Another address of the customer, at a free provider; the number keeps it apart from everyone's.
    pub fn private_mail(&self, customer: usize, provider: &str) -> String {
        let Person { given, family } = self.person(customer);
        let (given, family) = (super::names::slug(&given), super::names::slug(&family));
        let initial: String = given.chars().take(1).collect();
        format!("{initial}{family}{}@{provider}.example", customer + 1)
    }

    /// The customer's name as another clerk wrote it.
    pub fn respelled(&self, chance: &mut Chance, customer: usize) -> Person {
        respell(chance, &self.person(customer))
    }

    /// How loyal a customer is in a quarter: 0 is the middle, and a unit is worth 16 points of net promoter score.
    pub fn loyalty(&self, customer: usize, quarter: usize) -> f64 {
        let it = &self.customers[customer];
        let partner = it.partner.map(|partner| &self.partners[partner]);
        SEGMENTS[it.segment].loyalty
            + PERSONAS[ROLES[it.role].3].1
            + LOYALTY_TREND[COUNTRIES[it.country].region] * (quarter as f64 - (QUARTERS - 1) as f64 / 2.0)
            + partner.map_or(0.0, |p| LOYALTY_QUALITY * p.quality)
            + partner.map_or(0.0, |p| if p.specialty == it.segment { LOYALTY_SPECIALTY } else { 0.0 })
    }

    /// What a customer answers in a quarter.
    pub fn answers(&self, customer: usize, quarter: usize) -> Answers {
        answers(self.loyalty(customer, quarter))
    }

    /// Expected orders of a partner's customers in a quarter against the average quarter.
    pub fn trend(&self, partner: Option<usize>, quarter: usize) -> f64 {
        let growth = partner.map_or(GROWTH.0, |partner| self.partners[partner].growth);
        1.0 + growth * (quarter as f64 - (QUARTERS - 1) as f64 / 2.0) / 4.0
    }
}

/// Chances of detractors and promoters, straight lines in loyalty that stop before 2 and 95 per cent.
pub fn answers(loyalty: f64) -> Answers {
    let promoters = (0.42 + 0.09 * loyalty).clamp(0.02, 0.95);
    let detractors = (0.24 - 0.07 * loyalty).clamp(0.02, 0.95).min(0.98 - promoters);
    Answers { detractors, promoters }
}

/// Shares of the sources of information, for a persona in a phase.
pub fn source_shares(persona: usize, phase: usize) -> [f64; 7] {
    let mut shares = [0.0; 7];
    for (at, share) in shares.iter_mut().enumerate() {
        *share = PHASE_TILT[phase][at] * PERSONA_TILT[persona][at];
    }
    let sum: f64 = shares.iter().sum();
    shares.map(|share| share / sum)
}

/// `P-007`
pub fn partner_code(partner: usize) -> String {
    format!("P-{:03}", partner + 1)
}

/// `EMEA`
pub fn region_code(country: usize) -> &'static str {
    REGIONS[COUNTRIES[country].region].0
}

fn partners(scale: f64, seed: u64) -> Vec<Partner> {
    let mut chance = Chance::new(seed, 1);
    let each = (5.0 * scale.sqrt()).round().max(2.0) as usize;
    let mut partners = Vec::new();
    for (at, country) in COUNTRIES.iter().enumerate() {
        for number in 0..each {
            let spread = chance.normal().clamp(-2.2, 2.2);
            let quality = hundredths(QUALITY_MEAN[country.region] + spread);
            let size = hundredths(0.6 + 0.8 * chance.unit());
            let young = if chance.happens((0.5 + 0.25 * spread).clamp(0.05, 0.95)) { 1978 } else { 1955 };
            let asks = [0.5 + 0.3 * spread, 0.5 - 0.3 * spread, 0.2].map(|weight| weight.max(0.05));
            let employees = (4.0 + 40.0 * size * chance.unit()) as u32;
            let trained = (f64::from(employees)
                * (0.4 + 0.14 * spread + 0.1 * chance.normal()).clamp(0.05, 0.95))
                as u32;
            partners.push(Partner {
                country: at,
                name: country.dealer(number),
                quality,
                size,
                growth: hundredths((GROWTH.0 + GROWTH.1 * quality).clamp(-0.5, 0.6)),
                specialty: chance.below(SEGMENTS.len()),
                owner_born: young + chance.below(18) as i32,
                employees,
                trained,
                asks_for: ["training", "leads", "marketing funds"][chance.weighted(&asks)],
                since: START.plus(-(chance.below(4000) as i32) - 30),
            });
        }
    }
    partners
}

fn customers(scale: f64, seed: u64, partners: &[Partner]) -> Vec<Customer> {
    let mut chance = Chance::new(seed, 2);
    let shares = COUNTRIES.each_ref().map(|country| country.share);
    let mut local: BTreeMap<usize, (Vec<usize>, Vec<f64>)> = BTreeMap::new();
    for (at, partner) in partners.iter().enumerate() {
        let (ids, sizes) = local.entry(partner.country).or_default();
        ids.push(at);
        sizes.push(partner.size);
    }
    let mut firms = [0u32; COUNTRIES.len()];
    // Given name, family name and whether the firm has a second customer already.
    let mut colleague = [None::<(u8, u8)>; COUNTRIES.len()];
    let (given_names, family_names) = Country::NAMES;
    let mut customers = Vec::new();
    for _ in 0..(2400.0 * scale).round().max(60.0) as usize {
        let country = chance.weighted(&shares);
        let industry = chance.weighted(&INDUSTRIES.map(|it| it.2));
        let segment = chance.weighted(&INDUSTRIES[industry].3);
        let given = chance.below(given_names) as u8;
        let mut family = chance.below(family_names) as u8;
        match colleague[country].take() {
            Some((first, last)) if chance.happens(0.1) => {
                if (first, last) == (given, family) {
                    family = (family + 1) % family_names as u8;
                }
            }
            _ => {
                firms[country] += 1;
                colleague[country] = Some((given, family));
            }
        }
        let partner = match local.get(&country) {
            Some((ids, sizes)) if !chance.happens(DIRECT) => Some(ids[chance.weighted(sizes)]),
            _ => None,
        };
        let (crm, web) = [(true, false), (false, true), (true, true)][chance.weighted(&[0.35, 0.27, 0.38])];
        let joined = if chance.happens(0.72) {
            START.plus(-(chance.below(1500) as i32) - 1)
        } else {
            START.plus(chance.below(DAYS as usize - 30) as i32)
        };
        customers.push(Customer {
            country,
            partner,
            segment,
            industry,
            role: chance.weighted(&ROLES.map(|role| role.2)),
            key: chance.happens(SEGMENTS[segment].key),
            rate: SEGMENTS[segment].orders_per_year * (0.5 + 0.5 * chance.exponential().min(5.0)),
            joined,
            silent: chance.happens(0.6),
            crm,
            web,
            no_mail: !web && chance.happens(0.03),
            other_mail: crm && web && chance.happens(0.15),
            given,
            family,
            firm: firms[country] - 1,
        });
    }
    customers
}

/// Two decimals, so that the truth tables hold exactly what was used.
pub fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// A day of a quarter, each as likely as the next.
pub fn day_in(chance: &mut Chance, quarter: usize) -> Day {
    let first = quarter_start(quarter);
    first.plus(chance.below((quarter_start(quarter + 1).0 - first.0) as usize) as i32)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_customer_has_an_address_of_their_own() {
        let world = World::build(2.0, 5);
        let mails: BTreeSet<_> = (0..world.customers.len()).map(|c| world.mail(c)).collect();
        assert_eq!(mails.len(), world.customers.len());
        assert_eq!(world.customers.len(), 4800);
    }

    #[test]
    fn a_unit_of_loyalty_is_worth_sixteen_points() {
        let score = |loyalty| {
            let it = answers(loyalty);
            100.0 * (it.promoters - it.detractors)
        };
        assert!((score(0.0) - 18.0).abs() < 1e-9);
        assert!((score(1.0) - score(0.0) - 16.0).abs() < 1e-9);
        assert!(score(20.0) <= 95.0 && score(-20.0) >= -96.0);
    }

    #[test]
    fn partners_of_one_region_are_weak() {
        let world = World::build(25.0, 3);
        let mean = |region: usize| {
            let of: Vec<f64> = world
                .partners
                .iter()
                .filter(|p| COUNTRIES[p.country].region == region)
                .map(|p| p.quality)
                .collect();
            of.iter().sum::<f64>() / of.len() as f64
        };
        assert!(mean(2) < mean(0) - 0.6 && mean(2) < mean(1) - 0.6);
    }
}
