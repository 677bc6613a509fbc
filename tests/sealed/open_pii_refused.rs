use lockgate_core::personal::Pii;

fn main() {
    let surname = Pii::new("Example");
    let _: &&str = surname.open();
    let _: &str = surname.0;
}
