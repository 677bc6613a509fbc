//! STUB identifiers (UK criminal-justice)

/// An identifier whose shape (and check letter, where it has one) is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum IdKind {
    /// Police National Computer id.
    Pnc = 0,
    /// Criminal Records Office number.
    Cro = 1,
    /// Prison (NOMIS) number.
    PrisonNumber = 2,
    /// Probation case reference number.
    Crn = 3,
    /// National Insurance number.
    Nino = 4,
    /// Tagging contractor's subject.
    EmSubject = 5,
    /// Youth offending reference.
    YosId = 6,
    /// Drug-treatment client key.
    Attributor = 7,
    /// A source system's own person number.
    Local = 8,
    /// Arrest/summons number.
    Asn = 9,
    /// Prison booking number.
    Booking = 10,
    /// Unique property reference number.
    Uprn = 11,
    /// Home Office offence code.
    Offence = 12,
    /// CJS offence code.
    CjsOffence = 13,
    /// Court OU code.
    CourtOu = 14,
    /// Police unit.
    PoliceUnit = 15,
    /// Delius staff code.
    Staff = 16,
    /// Delius team code.
    Team = 17,
    /// OASys assessment key.
    OasysPk = 18,
    /// Tenancy reference.
    TenancyRef = 19,
}
