//! The program `growthring`.

fn main() {
    std::process::exit(growthring::cli::run(std::env::args_os()).into());
}
