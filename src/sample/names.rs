//! Names of places, people and firms, invented from everyday ones of each country, and the ways in
//! which one person's name gets written. All of them fit into windows-1252.

use super::chance::Chance;

/// A country with its stock of names.
pub struct Country {
    /// ISO 3166-1 code.
    pub code: &'static str,
    /// In English.
    pub english: &'static str,
    /// In German, as the head office's CRM has it.
    pub german: &'static str,
    /// Position in [`REGIONS`].
    pub region: usize,
    /// ISO 4217 code.
    pub currency: &'static str,
    /// Units of the currency for a euro, at the start of 2024.
    pub per_euro: f64,
    /// End of its mail addresses.
    pub domain: &'static str,
    /// Share of the customers.
    pub share: f64,
    given: [&'static str; 12],
    family: [&'static str; 14],
    roots: [&'static str; 10],
    trades: [&'static str; 6],
    towns: [&'static str; 5],
    legal: [&'static str; 2],
}

/// Code, name and office of each region.
pub const REGIONS: [(&str, &str, &str); 3] = [
    ("EMEA", "Europe, Middle East and Africa", "Hamburg"),
    ("AMER", "The Americas", "Chicago"),
    ("APAC", "Asia and Pacific", "Sydney"),
];

/// The dozen countries the company sells in.
#[rustfmt::skip] // A list of names reads better than a column of them.
pub static COUNTRIES: [Country; 12] = [
    Country {
        code: "DE", english: "Germany", german: "Deutschland", region: 0, currency: "EUR", per_euro: 1.0,
        domain: "de", share: 0.16,
        given: ["Katharina", "Jürgen", "Sabine", "Maximilian", "Jörg", "Annette", "Günther", "Mareike", "Stefan", "Käthe", "Tobias", "Ulrike"],
        family: ["Müller", "Schröder", "Weiß", "Hartmann", "Köhler", "Brandt", "Jäger", "Lindemann", "Vogt", "Böhm", "Krüger", "Petersen", "Schäfer", "Ohlsen"],
        roots: ["Nordlicht", "Hansa", "Rheintal", "Falken", "Isar", "Elbe", "Taunus", "Märkische", "Saale", "Brücken"],
        trades: ["Labor", "Maschinenbau", "Messtechnik", "Brauerei", "Stadtwerke", "Getriebe"],
        towns: ["Hamburg", "Lübeck", "Würzburg", "Köln", "Dresden"], legal: ["GmbH", "AG"],
    },
    Country {
        code: "FR", english: "France", german: "Frankreich", region: 0, currency: "EUR", per_euro: 1.0,
        domain: "fr", share: 0.12,
        given: ["Hélène", "François", "Chloé", "Étienne", "Benoît", "Margaux", "Frédéric", "Zoé", "Gaël", "Inès", "Loïc", "Élodie"],
        family: ["Lefèvre", "Béranger", "Dupont", "Gauthier", "Mercier", "Desprès", "Chevalier", "Rousseau", "Noël", "Perrin", "Château", "Beaumont", "Garçon", "Vasseur"],
        roots: ["Alpine", "Garonne", "Beauséjour", "Armor", "Provence", "Vallée", "Méridien", "Étoile", "Clairval", "Boréal"],
        trades: ["Laboratoires", "Mécanique", "Énergie", "Laiterie", "Automatisme", "Instruments"],
        towns: ["Lyon", "Orléans", "Nîmes", "Rennes", "Besançon"], legal: ["SARL", "SA"],
    },
    Country {
        code: "GB", english: "United Kingdom", german: "Vereinigtes Königreich", region: 0, currency: "GBP", per_euro: 0.86,
        domain: "co.uk", share: 0.10,
        given: ["William", "Charlotte", "Robert", "Eleanor", "Thomas", "Margaret", "James", "Siân", "Elizabeth", "Richard", "Zoë", "Edward"],
        family: ["Whitfield", "O'Neill", "Ashworth", "Barrett", "Pemberton", "Clarke", "Hughes", "Fairbairn", "Marlow", "Stanton", "Kerr", "Lockwood", "Brontë", "Reid"],
        roots: ["Pennine", "Severn", "Caledonian", "Harbour", "Kestrel", "Thornbury", "Ridgeway", "Albion", "Wessex", "Northgate"],
        trades: ["Laboratories", "Engineering", "Water", "Foods", "Gears", "Analytics"],
        towns: ["Leeds", "Bristol", "Dundee", "Norwich", "Swansea"], legal: ["Ltd", "plc"],
    },
    Country {
        code: "ES", english: "Spain", german: "Spanien", region: 0, currency: "EUR", per_euro: 1.0,
        domain: "es", share: 0.08,
        given: ["José", "María", "Francisco", "Lucía", "Íñigo", "Begoña", "Andrés", "Concepción", "Ramón", "Sofía", "Álvaro", "Mónica"],
        family: ["García", "Muñoz", "Fernández", "Ibáñez", "Ortega", "Peña", "Sánchez", "Aragón", "Núñez", "Vidal", "Castaño", "Rincón", "Gómez", "Zúñiga"],
        roots: ["Vega", "Levante", "Cantábrica", "Giralda", "Ebro", "Montaña", "Ibérica", "Peñalara", "Sol", "Duero"],
        trades: ["Laboratorios", "Talleres", "Conservas", "Energía", "Mecánica", "Calibración"],
        towns: ["Sevilla", "Málaga", "León", "Gijón", "Cádiz"], legal: ["S.A.", "S.L."],
    },
    Country {
        code: "SE", english: "Sweden", german: "Schweden", region: 0, currency: "SEK", per_euro: 11.3,
        domain: "se", share: 0.05,
        given: ["Åsa", "Björn", "Märta", "Göran", "Linnéa", "Håkan", "Elin", "Sören", "Annika", "Torbjörn", "Kajsa", "Örjan"],
        family: ["Lindström", "Åkesson", "Bergqvist", "Sjöberg", "Nyström", "Hallén", "Östlund", "Dahl", "Wikström", "Löfgren", "Ekman", "Öberg", "Ström", "Hägg"],
        roots: ["Mälaren", "Norrsken", "Vättern", "Göta", "Älven", "Kust", "Skog", "Bergslagen", "Öresund", "Dalarna"],
        trades: ["Laboratorium", "Verkstad", "Mejeri", "Energi", "Växlar", "Mätteknik"],
        towns: ["Malmö", "Västerås", "Umeå", "Örebro", "Lund"], legal: ["AB", "HB"],
    },
    Country {
        code: "US", english: "United States", german: "USA", region: 1, currency: "USD", per_euro: 1.09,
        domain: "com", share: 0.18,
        given: ["Robert", "Jennifer", "William", "Patricia", "Michael", "Renée", "Daniel", "Susan", "Anthony", "Deborah", "José", "Katherine"],
        family: ["Henderson", "Ramirez", "Kowalski", "O'Brien", "Washington", "Nguyen", "Schmidt", "Peters", "Lopez", "Bennett", "Olson", "Carter", "DeLuca", "Hayes"],
        roots: ["Lakeshore", "Summit", "Prairie", "Blue Ridge", "Redwood", "Keystone", "Granite", "Bayou", "Cascade", "Pioneer"],
        trades: ["Labs", "Machine", "Foods", "Power", "Gear", "Instruments"],
        towns: ["Akron", "Madison", "Tulsa", "Spokane", "Raleigh"], legal: ["Inc.", "LLC"],
    },
    Country {
        code: "CA", english: "Canada", german: "Kanada", region: 1, currency: "CAD", per_euro: 1.46,
        domain: "ca", share: 0.06,
        given: ["Geneviève", "Andrew", "Mélanie", "Gordon", "Rémi", "Heather", "Stéphane", "Linda", "Thérèse", "Douglas", "Jérôme", "Megan"],
        family: ["Tremblay", "MacLeod", "Bélanger", "Fraser", "Gagné", "Campbell", "Côté", "Singh", "Lévesque", "Murray", "Pelletier", "Wong", "Boucher", "Ross"],
        roots: ["Laurentide", "Maple", "Hudson", "Prairie", "Saguenay", "Pacific", "Érable", "Superior", "Yukon", "Atlantic"],
        trades: ["Laboratoire", "Machining", "Foods", "Hydro", "Drives", "Metrology"],
        towns: ["Montréal", "Halifax", "Québec", "Calgary", "Guelph"], legal: ["Inc.", "Ltée"],
    },
    Country {
        code: "BR", english: "Brazil", german: "Brasilien", region: 1, currency: "BRL", per_euro: 5.4,
        domain: "com.br", share: 0.06,
        given: ["João", "Conceição", "Antônio", "Fernanda", "Luís", "Patrícia", "Sebastião", "Letícia", "Márcio", "Débora", "Otávio", "Íris"],
        family: ["Gonçalves", "Araújo", "Silva", "Magalhães", "Simões", "Moura", "Assunção", "Teixeira", "Brandão", "Falcão", "Leitão", "Vaz", "Guimarães", "Sá"],
        roots: ["Paraná", "Serra Azul", "Amazônia", "Cerrado", "Ipê", "Litoral", "Mantiqueira", "Aurora", "Pampa", "São Bento"],
        trades: ["Laboratórios", "Máquinas", "Alimentos", "Energia", "Engrenagens", "Medição"],
        towns: ["Curitiba", "São Paulo", "Goiânia", "Belém", "Florianópolis"], legal: ["Ltda", "S/A"],
    },
    Country {
        code: "MX", english: "Mexico", german: "Mexiko", region: 1, currency: "MXN", per_euro: 18.6,
        domain: "com.mx", share: 0.04,
        given: ["Guadalupe", "Jesús", "Martín", "Ximena", "Raúl", "Araceli", "Héctor", "Verónica", "Joaquín", "Rocío", "Óscar", "Beatriz"],
        family: ["Hernández", "Velázquez", "Ramírez", "Cárdenas", "Treviño", "Salazar", "Domínguez", "Peralta", "Quiñones", "Rosas", "Tamayo", "Villaseñor", "Ávila", "Luna"],
        roots: ["Sierra", "Bajío", "Azteca", "Mirador", "Quetzal", "Río Bravo", "Cumbres", "Jalisco", "Cenote", "Monarca"],
        trades: ["Laboratorios", "Maquinados", "Alimentos", "Energía", "Engranes", "Mediciones"],
        towns: ["Monterrey", "Querétaro", "Mérida", "Puebla", "León"], legal: ["S.A. de C.V.", "S.C."],
    },
    Country {
        code: "JP", english: "Japan", german: "Japan", region: 2, currency: "JPY", per_euro: 157.0,
        domain: "co.jp", share: 0.06,
        given: ["Haruka", "Kenji", "Yuki", "Takashi", "Aiko", "Shin'ichi", "Naomi", "Hiroshi", "Emi", "Daisuke", "Michiko", "Ryo"],
        family: ["Tanaka", "Yamamoto", "Kobayashi", "Inoue", "Matsuda", "Fujita", "Ono", "Hasegawa", "Nakajima", "Sato", "Ishikawa", "Mori", "Endo", "Okada"],
        roots: ["Asahi", "Fujimi", "Sakura", "Hikari", "Minato", "Tsubame", "Kawa", "Midori", "Shinsei", "Aozora"],
        trades: ["Kenkyusho", "Seiki", "Shokuhin", "Denryoku", "Haguruma", "Keisoku"],
        towns: ["Osaka", "Sendai", "Nagoya", "Kobe", "Hamamatsu"], legal: ["KK", "GK"],
    },
    Country {
        code: "AU", english: "Australia", german: "Australien", region: 2, currency: "AUD", per_euro: 1.63,
        domain: "com.au", share: 0.05,
        given: ["Matthew", "Chloe", "Benjamin", "Jacqueline", "Samuel", "Bronwyn", "Nicholas", "Kylie", "Gregory", "Alexandra", "Joshua", "Tegan"],
        family: ["Mitchell", "O'Connor", "Papadopoulos", "Harrison", "Nguyen", "McKenzie", "Walsh", "Romano", "Fletcher", "Tran", "Doyle", "Burke", "Sullivan", "Hart"],
        roots: ["Wattle", "Coral", "Kimberley", "Murray", "Southern", "Banksia", "Outback", "Torrens", "Coolabah", "Derwent"],
        trades: ["Laboratories", "Mining", "Foods", "Power", "Drives", "Calibration"],
        towns: ["Perth", "Geelong", "Hobart", "Cairns", "Newcastle"], legal: ["Pty Ltd", "Ltd"],
    },
    Country {
        code: "IN", english: "India", german: "Indien", region: 2, currency: "INR", per_euro: 90.8,
        domain: "in", share: 0.04,
        given: ["Priya", "Rajesh", "Ananya", "Vikram", "Sunita", "Arjun", "Kavita", "Sanjay", "Meera", "Deepak", "Lakshmi", "Rohan"],
        family: ["Sharma", "Iyer", "Patel", "Banerjee", "Reddy", "Kulkarni", "Nair", "Gupta", "Chatterjee", "Menon", "Joshi", "Rao", "Desai", "Bose"],
        roots: ["Ganga", "Deccan", "Himalaya", "Surya", "Nilgiri", "Malabar", "Chandra", "Vindhya", "Kaveri", "Lotus"],
        trades: ["Labs", "Engineering", "Foods", "Power", "Gears", "Instruments"],
        towns: ["Pune", "Chennai", "Kochi", "Nagpur", "Vadodara"], legal: ["Pvt Ltd", "Ltd"],
    },
];

#[rustfmt::skip]
const SHORT: [(&str, &str); 26] = [
    ("Katharina", "Kathi"), ("Maximilian", "Max"), ("Stefan", "Steff"), ("Tobias", "Tobi"), ("Frédéric", "Fred"),
    ("William", "Bill"), ("Charlotte", "Lottie"), ("Robert", "Bob"), ("Margaret", "Peggy"), ("Elizabeth", "Beth"),
    ("Richard", "Dick"), ("Edward", "Ted"), ("Thomas", "Tom"), ("James", "Jim"), ("José", "Pepe"),
    ("Francisco", "Paco"), ("Concepción", "Concha"), ("Jennifer", "Jenny"), ("Patricia", "Patty"),
    ("Michael", "Mike"), ("Daniel", "Dan"), ("Anthony", "Tony"), ("Katherine", "Kate"), ("Guadalupe", "Lupita"),
    ("Matthew", "Matt"), ("Alexandra", "Alex"),
];

/// A person as one silo has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Given name.
    pub given: String,
    /// Family name.
    pub family: String,
}

impl Country {
    /// The person with these positions in the country's lists; positions wrap round.
    pub fn person(&self, given: u8, family: u8) -> Person {
        Person {
            given: self.given[usize::from(given) % self.given.len()].to_owned(),
            family: self.family[usize::from(family) % self.family.len()].to_owned(),
        }
    }

    /// How many given and family names there are.
    pub const NAMES: (usize, usize) = (12, 14);

    /// The firm with this number: no two numbers have the same name.
    pub fn firm(&self, number: usize) -> String {
        let (root, trade, town, round) = self.parts(number);
        let again = if round == 0 { String::new() } else { format!(" {}", round + 1) };
        format!("{root} {trade} {town}{again} {}", self.legal[number % self.legal.len()])
    }

    /// The town a firm is in.
    pub fn town(&self, number: usize) -> &'static str {
        self.parts(number).2
    }

    /// A firm's mail domain.
    pub fn host(&self, number: usize) -> String {
        let (root, trade, town, round) = self.parts(number);
        let again = if round == 0 { String::new() } else { (round + 1).to_string() };
        format!("{}-{}{again}.{}", slug(root), slug(&format!("{trade}{}", initials(town))), self.domain)
    }

    fn parts(&self, number: usize) -> (&'static str, &'static str, &'static str, usize) {
        let root = self.roots[number % 10];
        let trade = self.trades[number / 10 % 6];
        let town = self.towns[number / 60 % 5];
        (root, trade, town, number / 300)
    }

    /// A name for the partner with this number, told apart from customers by its trade.
    pub fn dealer(&self, number: usize) -> String {
        const TRADES: [&str; 3] = ["Instruments", "Metrology", "Supply"];
        let again = if number < 30 { String::new() } else { format!(" {}", number / 30 + 1) };
        format!("{} {}{again}", self.roots[number % 10], TRADES[(number / 10 + number) % 3])
    }
}

fn initials(town: &str) -> String {
    town.chars().take(3).collect()
}

/// A person's mail address at a host.
pub fn mail(person: &Person, host: &str) -> String {
    format!("{}.{}@{host}", slug(&person.given), slug(&person.family))
}

/// Letters and digits in lower case, accents written out as mail addresses do.
pub fn slug(text: &str) -> String {
    let plain = fold(text, true);
    plain.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Without accents; `spelled` writes the German and Nordic ones as two letters.
pub fn fold(text: &str, spelled: bool) -> String {
    let mut plain = String::new();
    for c in text.chars() {
        plain.push_str(match c {
            'ä' if spelled => "ae",
            'ö' if spelled => "oe",
            'ü' if spelled => "ue",
            'Ö' if spelled => "Oe",
            'Ä' if spelled => "Ae",
            'å' if spelled => "aa",
            'Å' if spelled => "Aa",
            'ß' => "ss",
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => "a",
            'Á' | 'Ä' | 'Å' => "A",
            'ç' => "c",
            'è' | 'é' | 'ê' | 'ë' => "e",
            'É' => "E",
            'ì' | 'í' | 'î' | 'ï' => "i",
            'Í' => "I",
            'ñ' => "n",
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' => "o",
            'Ó' | 'Ö' => "O",
            'ù' | 'ú' | 'û' | 'ü' => "u",
            other => {
                plain.push(other);
                continue;
            }
        });
    }
    plain
}

/// The same person as another clerk would write them: without accents, shouted, with a short name,
/// with stray blanks or with a letter doubled.
pub fn respell(chance: &mut Chance, person: &Person) -> Person {
    let Person { given, family } = person.clone();
    let short = SHORT.iter().find(|(long, _)| *long == given).map(|(_, short)| (*short).to_owned());
    match (chance.below(5), short) {
        (0 | 1, Some(short)) => Person { given: short, family },
        (0, None) => Person { given: fold(&given, false), family: fold(&family, false) },
        (1, None) => Person { given: fold(&given, true), family: fold(&family, true) },
        (2, _) => Person { given: given.to_uppercase(), family: family.to_uppercase() },
        (3, _) => Person { given: format!("{given} "), family: format!(" {family}") },
        (_, _) => {
            let last = family.chars().last().unwrap_or('n');
            Person { given, family: format!("{family}{last}") }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_fit_one_byte_and_slugs_are_ascii() {
        for country in &COUNTRIES {
            for number in 0..700 {
                let person = country.person(number as u8, (number / 3) as u8);
                let line = format!("{} {} {}", country.firm(number), person.given, person.family);
                assert!(line.chars().all(|c| u32::from(c) < 256), "{line}");
                let address = mail(&person, &country.host(number));
                assert!(address.is_ascii() && fold(&line, false).is_ascii(), "{address} {line}");
            }
        }
    }

    #[test]
    fn no_two_firms_share_a_name_or_a_host() {
        for country in &COUNTRIES {
            let firms: BTreeSet<_> = (0..2000).map(|n| country.firm(n)).collect();
            let hosts: BTreeSet<_> = (0..2000).map(|n| country.host(n)).collect();
            let dealers: BTreeSet<_> = (0..200).map(|n| country.dealer(n)).collect();
            assert_eq!((firms.len(), hosts.len(), dealers.len()), (2000, 2000, 200), "{}", country.code);
        }
    }

    #[test]
    fn shares_add_up() {
        let shares: f64 = COUNTRIES.iter().map(|c| c.share).sum();
        assert!((shares - 1.0).abs() < 1e-12);
    }

    #[test]
    fn umlauts_are_spelled_or_dropped() {
        assert_eq!(fold("Jörg Weiß", true), "Joerg Weiss");
        assert_eq!(fold("Jörg Weiß", false), "Jorg Weiss");
        assert_eq!(slug("Shin'ichi O'Neill"), "shinichioneill");
    }
}
