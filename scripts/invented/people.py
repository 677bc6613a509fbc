"""Three hundred people who do not exist, and what each agency knows of them."""
import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from . import identifiers as ids

FORENAMES_M = ("Aaron Adeel Adrian Ahmed Aidan Alan Andrew Anthony Asif Barry Ben Bilal Bradley Callum Carl Christopher Colin Curtis Damian Daniel "
               "David Dean Dwayne Emmanuel Gareth Gary Gavin Ian Imran Jamal Jamie Jason Jerome Joel Karl Kelvin Kwame Lamar Lee Leroy Lewis Liam "
               "Lukasz Marlon Martin Mateusz Michael Nathan Neil Omar Patrick Paul Rashid Reece Robert Scott Sean Shaun Simon Stefan Stephen Steven "
               "Tendai Terence Thomas Tomasz Usman Vikram Warren Yusuf Zahid Zoltan").split()
FORENAMES_F = ("Aisha Amanda Amy Beverley Bianca Carly Charlene Chantelle Dawn Donna Ewa Gemma Halima Jodie Joanne Kelly Kerry Leanne Magda Michelle "
               "Nadia Natasha Nicola Rachel Rukhsana Samina Sandra Tamara Tracey Yvonne").split()
SURNAMES = ("Abara Adeyemi Akhtar Appleyard Armitage Asquith Bairstow Bancroft Begum Bhatti Binns Blackwood Brearley Broadbent Brook Campbell Chana "
            "Clegg Cockroft Crossley Dacosta Dhillon Dyson Earnshaw Ellis Farrar Fawcett Firth Francis Gaunt Gill Gledhill Gomersall Grant Greenhalgh "
            "Haigh Hainsworth Hanif Hardcastle Hepworth Hinchliffe Hirst Hussain Ibrahim Illingworth Jagger Jarvis Kamara Kaur Kowalczyk Lawal "
            "Lockwood Lumley Mahmood Malik Mbeki Mellor Metcalfe Mirza Moyo Murgatroyd Nowak Obi Oldroyd Osman Parkin Pawlak Pickles Priestley Quarmby "
            "Rahman Ramsden Redfearn Rhodes Rushworth Sangha Schofield Sewell Shackleton Singh Stansfield Sugden Sutcliffe Sykes Tattersall Thackray "
            "Thornhill Townend Varley Verity Wadsworth Walczak Whiteley Widdop Wigglesworth Womersley Yeadon Zaman").split()
STREET_FIRST = ("Alder Anvil Bobbin Bracken Carder Clough Cobbler Copse Cropper Dyehouse Fellmonger Fennel Fuller Gantry Heddle Kiln Lantern "
                "Larkrise Loom Mistal Osier Quarryman Roper Sallow Shuttle Spindle Tanner Teasel Treadle Weaver Wheelwright Woolcomber").split()
STREET_LAST = "Row Grove Mount Terrace Fold Garth View Close Place Court Street Avenue".split()
# Real districts and postcode sectors of Leeds (three of them outside LS), council area office, ward.
DISTRICTS = (("Harehills", "LS9 7", "EAST", "Gipton & Harehills"), ("Gipton", "LS9 6", "EAST", "Gipton & Harehills"),
             ("Burmantofts", "LS9 7", "EAST", "Burmantofts & Richmond Hill"), ("Chapeltown", "LS7 4", "EAST", "Chapel Allerton"),
             ("Seacroft", "LS14 6", "EAST", "Killingbeck & Seacroft"), ("Halton Moor", "LS15 0", "EAST", "Temple Newsam"),
             ("Beeston", "LS11 8", "SOUTH", "Beeston & Holbeck"), ("Holbeck", "LS11 9", "SOUTH", "Beeston & Holbeck"),
             ("Middleton", "LS10 4", "SOUTH", "Middleton Park"), ("Belle Isle", "LS10 3", "SOUTH", "Middleton Park"),
             ("Hunslet", "LS10 2", "SOUTH", "City & Hunslet"), ("Morley", "LS27 9", "SOUTH", "Morley South"),
             ("Armley", "LS12 2", "WEST", "Armley"), ("Wortley", "LS12 4", "WEST", "Farnley & Wortley"),
             ("Bramley", "LS13 3", "WEST", "Bramley & Stanningley"), ("Kirkstall", "LS5 3", "WEST", "Kirkstall"),
             ("Hyde Park", "LS6 1", "WEST", "Hyde Park & Woodhouse"), ("Moortown", "LS17 6", "EAST", "Moortown"),
             ("Pudsey", "LS28 7", "WEST", "Pudsey"), ("Otley", "LS21 1", "WEST", "Otley & Yeadon"),
             ("Tyersal", "BD4 8", "WEST", "Pudsey"), ("Drighlington", "BD11 1", "SOUTH", "Morley North"), ("Tingley", "WF3 1", "SOUTH", "Ardsley & Robin Hood"))
ETHNICITIES = "W1 W1 W1 W1 W1 W1 W9 A2 A2 A1 A3 B1 B1 B2 M1 M1 M9 O9 NS".split()


@dataclass
class Home:
    """Where somebody lives; `lines` without the postcode."""
    lines: tuple
    postcode: str
    office: str = "EAST"
    ward: str = "Gipton & Harehills"


@dataclass
class Person:
    """One invented person. An empty identifier means that the agency does not know one."""
    surname: str
    forenames: str
    birth: date
    sex: str = "M"
    ethnicity: str = "W1"
    pnc: str = ""
    cro: str = ""
    prison: str = ""
    crn: str = ""
    subject: str = ""
    persref: str = ""
    nino: str = ""
    home: Home = None
    aliases: tuple = ()
    nominal: str = ""
    cohort: tuple = ()                       # (designation, from, until or None)
    story: str = ""                          # key in story.py; empty for the crowd
    release: dict = field(default_factory=dict)
    order: dict = field(default_factory=dict)
    tenancy: dict = field(default_factory=dict)
    assessment: dict = field(default_factory=dict)

    @property
    def first(self) -> str:
        return self.forenames.split(" ")[0]

    def age(self, day: date) -> int:
        return day.year - self.birth.year - ((day.month, day.day) < (self.birth.month, self.birth.day))


class Maker:
    """Draws people from one seed; never the same identifier or the same name and birth date twice."""

    def __init__(self, seed: int, first_night: date):
        self.rng = random.Random(f"{seed}:people")
        self.first_night = first_night
        self.used = set()
        self.number = 100

    def unique(self, draw):
        while (value := draw()) in self.used:
            pass
        self.used.add(value)
        return value

    def home(self) -> Home:
        rng = self.rng
        district, sector, office, ward = rng.choice(DISTRICTS)
        street = f"{rng.choice(STREET_FIRST)} {rng.choice(STREET_LAST)}"
        first = f"{rng.randrange(1, 180)} {street}"
        if rng.random() < 0.12:
            first = f"Flat {rng.randrange(1, 30)}, {first}"
        return Home((first, district, "Leeds"), self.unique(lambda: ids.unit_postcode(rng, sector)) if rng.random() < 0.5
                    else ids.unit_postcode(rng, sector), office, ward)

    def crowd(self, cohort: bool, young: bool) -> Person:
        rng = self.rng
        sex = "F" if rng.random() < 0.12 else "M"
        pool = FORENAMES_F if sex == "F" else FORENAMES_M
        days = rng.randrange(14 * 365 + 30, 18 * 365 - 60) if young else rng.randrange(19 * 365, 58 * 365)
        birth = self.first_night - timedelta(days=days)
        name = self.unique(lambda: (rng.choice(SURNAMES), rng.choice(pool), birth))
        forenames = name[1] if rng.random() < 0.55 else f"{name[1]} {rng.choice(pool)}"
        person = Person(name[0], forenames, birth, sex, rng.choice(ETHNICITIES), home=self.home())
        since = max(birth.year + 11, 1990)
        year = rng.randrange(since, 2008) if since < 2008 else 2008
        if cohort or rng.random() < 0.8:
            person.pnc = self.unique(lambda: ids.pnc(year, rng.randrange(1000, 999_999)))
        if person.pnc and rng.random() < 0.7:
            make = ids.cro if rng.random() < 0.85 else (lambda serial, y: ids.small_file_cro(y, serial))
            person.cro = self.unique(lambda: make(rng.randrange(100, 99_999), year))
        if rng.random() < 0.15:
            person.aliases = (f"{rng.choice(pool)} {person.surname}",)
        if cohort:
            self.join(person, young)
        return person

    def join(self, person: Person, young: bool):
        rng = self.rng
        self.number += rng.randrange(1, 9)
        person.nominal = f"LDS{self.number:06d}"
        begin = date(2008, 11, 1) - timedelta(days=rng.randrange(0, 500))
        word = "DYO" if young else ("PPO" if rng.random() < 0.55 else "IOM")
        person.cohort = (word, begin, None)

    def number_for(self, person: Person, agency: str):
        """Gives a person the agency's own number, if none is there yet."""
        rng = self.rng
        if agency == "prison" and not person.prison:
            person.prison = self.unique(lambda: ids.prison_number(rng))
        elif agency == "probation" and not person.crn:
            person.crn = self.unique(lambda: f"X{rng.randrange(150000, 260000)}")
        elif agency == "tagging" and not person.subject:
            person.subject = self.unique(lambda: str(rng.randrange(1_400_000, 1_409_999)))
        elif agency == "housing" and not person.persref:
            person.persref = self.unique(lambda: f"{rng.randrange(11_000, 99_000):07d}")
            person.nino = "" if rng.random() < 0.2 else self.unique(lambda: ids.nino(rng))
            if person.nino and not ids.nino_allowed(person.nino):
                person.nino = ""
