"""The named people: who they are. What happens to them, night by night, is in story.py."""
from datetime import date

from . import identifiers as ids
from .people import Home, Person

COPSE_ROW = Home(("14 Copse Row", "Harehills", "Leeds"), "LS9 7ZZ", "EAST", "Gipton & Harehills")
OSIER_FOLD = Home(("31 Osier Fold", "Beeston", "Leeds"), "LS11 8ZQ", "SOUTH", "Beeston & Holbeck")
KILN_GARTH = Home(("7 Kiln Garth", "Gipton", "Leeds"), "LS9 6ZP", "EAST", "Gipton & Harehills")
HEDDLE_MOUNT = Home(("52 Heddle Mount", "Armley", "Leeds"), "LS12 2ZE", "WEST", "Armley")
SHUTTLE_VIEW = Home(("Flat 3, 118 Shuttle View", "Seacroft", "Leeds"), "LS14 6ZB", "EAST", "Killingbeck & Seacroft")
LANTERN_CLOSE = Home(("9 Lantern Close", "Middleton", "Leeds"), "LS10 4ZR", "SOUTH", "Middleton Park")
FENNEL_GROVE = Home(("26 Fennel Grove", "Bramley", "Leeds"), "LS13 3ZT", "WEST", "Bramley & Stanningley")
TREADLE_STREET = Home(("80 Treadle Street", "Tyersal", "Bradford"), "BD4 8ZD", "WEST", "Pudsey")
LONG_LINE = Home(("Flat 12, The Old Woolcombers Warehouse, 240 Quarryman Terrace", "Hunslet", "Leeds"), "LS10 2ZW", "SOUTH", "City & Hunslet")


def cohort(number, word, begin, until=None):
    """Nominal number and designation."""
    return {"nominal": f"LDS{number:06d}", "cohort": (word, begin, until)}


def cast() -> dict:
    """Every named person by key, in the order in which fixtures/README.md introduces them."""
    return {
        "connor": Person("HARGREAVES", "Connor James", date(1981, 2, 14), "M", "W1", "2004/0031877J", "004410/04U", "A7341CD", "X204118", "1402266",
                         "0010877", "JK451208C", COPSE_ROW, ("Conor HARGREAVES",), **cohort(11, "PPO", date(2008, 10, 1))),
        "shanelle": Person("O'NEILL-MARSH", "Shanelle", date(1985, 9, 3), "F", "M1", "1998/0456012F", "091823/98W", "A2206FH", "X198870", "", "0020114",
                           "", HEDDLE_MOUNT, ("Shanelle MARSH",), **cohort(12, "IOM", date(2008, 11, 3))),
        "declan": Person("HARGREAVES", "Declan Paul", date(1981, 2, 14), "M", "W1", "", "", "A7342CE", "", "1402267", "0010878", "", COPSE_ROW),
        "rafiq_son": Person("RAFIQ", "Mohammed", date(1985, 9, 19), "M", "A2", ids.pnc(2003, 118_204), ids.cro(20_418, 2003), "A5518AB", "X187220",
                            "1403310", "0030217", "", OSIER_FOLD, **cohort(13, "PPO", date(2008, 9, 8))),
        "rafiq_father": Person("RAFIQ", "Mohammed", date(1956, 5, 2), "M", "A2", "", "", "", "", "", "0030216", "AB123456C", OSIER_FOLD),
        "tyler": Person("BOOTHROYD", "Tyler Jaden", date(1992, 6, 21), "M", "W1", ids.pnc(2006, 77_110), "", "A9021BK", "", "1404417", "", "", KILN_GARTH,
                        ("TJ BOOTHROYD",), **cohort(14, "DYO", date(2008, 6, 2))),
        "wayne": Person("TORDOFF", "Wayne", date(1977, 12, 30), "M", "W1", ids.pnc(1996, 301_456), ids.cro(71_205, 1996), "A3107DA", "X166031", "", "", "",
                        FENNEL_GROVE, **cohort(15, "PPO", date(2008, 3, 17))),
        "craig": Person("AINSWORTH", "Craig Anthony", date(1969, 7, 8), "M", "W1", ids.pnc(1989, 12_377), ids.cro(3_318, 1989), "A4410EC", "X155907", "", "",
                        "", LANTERN_CLOSE, **cohort(16, "IOM", date(2008, 5, 6))),
        "lorraine": Person("BECKWITH", "Lorraine", date(1974, 4, 11), "F", "W1", ids.pnc(1999, 220_981), "", "", "X171448", "", "0041190", "CE765432A",
                           SHUTTLE_VIEW, **cohort(17, "IOM", date(2008, 7, 14))),
        "kieran": Person("MCALLISTER", "Kieran", date(1988, 1, 27), "M", "W2", ids.pnc(2005, 640_118), ids.cro(40_117, 2005), "A6620FB", "X209961", "1405003",
                         "0050032", "", Home(("63 Bobbin Court", "Burmantofts", "Leeds"), "LS9 7ZX", "EAST", "Burmantofts & Richmond Hill"),
                         **cohort(18, "PPO", date(2008, 11, 18))),
        "dominic": Person("OSEI", "Dominic Kofi", date(1983, 10, 5), "M", "B2", ids.pnc(2001, 505_662), ids.cro(55_010, 2001), "A1183GJ", "X193377", "1405120",
                          "0050418", "", Home(("5 Tanner Place", "Holbeck", "Leeds"), "LS11 9ZF", "SOUTH", "Beeston & Holbeck"),
                          **cohort(19, "IOM", date(2007, 11, 19))),
        "piotr": Person("WIŚNIEWSKI", "Piotr", date(1979, 3, 22), "M", "W9", ids.pnc(2007, 81_400), "", "A8082HC", "X211203", "", "", "", TREADLE_STREET,
                        **cohort(20, "IOM", date(2008, 8, 11))),
        "jordan": Person("SYKES-PATEL", "Jordan", date(1990, 11, 18), "M", "M9", ids.pnc(2005, 330_077), "", "A9107CH", "X215540", "1405388", "", "",
                         Home(("41 Sallow Avenue", "Moortown", "Leeds"), "LS17 6ZJ", "EAST", "Moortown"), **cohort(21, "DYO", date(2008, 4, 7))),
        "danielle": Person("ROYSTON", "Danielle Marie", date(1986, 8, 15), "F", "W1", ids.pnc(2004, 412_903), "", "A2715FK", "X205771", "1405402", "0060551", "",
                           Home(("17 Carder Close", "Wortley", "Leeds"), "LS12 4ZH", "WEST", "Farnley & Wortley"), **cohort(22, "IOM", date(2008, 2, 4))),
        "marcus": Person("OYELARAN", "Marcus", date(1982, 6, 9), "M", "B2", ids.pnc(2002, 270_315), ids.cro(61_912, 2002), "A3390BD", "X200184", "", "", "",
                         Home(("88 Dyehouse View", "Kirkstall", "Leeds"), "LS5 3ZN", "WEST", "Kirkstall"), **cohort(23, "PPO", date(2008, 1, 21))),
        "ryan": Person("FEATHERSTONE", "Ryan Lee", date(1984, 3, 3), "M", "W1", ids.pnc(2000, 190_226), "", "A7004AE", "X190442", "", "", "",
                       Home(("2 Roper Garth", "Otley", "Leeds"), "LS21 1ZU", "WEST", "Otley & Yeadon"), **cohort(24, "PPO", date(2008, 10, 13))),
        "leon": Person("DUBOIS", "Léon François", date(1975, 11, 29), "M", "B1", ids.pnc(1994, 60_812), ids.cro(9_140, 1994), "A5029CC", "X160218", "", "", "",
                       Home(("Flat 9, 3 Gantry Street", "Chapeltown", "Leeds"), "LS7 4ZL", "EAST", "Chapel Allerton"), **cohort(25, "IOM", date(2008, 9, 1))),
        "zoe": Person("KRAJEWSKA", "Zoë", date(1990, 2, 8), "F", "W9", ids.pnc(2008, 14_033), "", "A6617DK", "X218804", "", "", "", LONG_LINE,
                      **cohort(26, "IOM", date(2008, 10, 27))),
        "stacey": Person("HOLROYD", "Stacey", date(1981, 1, 5), "F", "W1", ids.pnc(2003, 77_012), "", "", "X188860", "1405511", "", "",
                         Home(("12 Weaver Row", "Halton Moor", "Leeds"), "LS15 0ZY", "EAST", "Temple Newsam"), **cohort(27, "IOM", date(2008, 6, 30))),
        "gary": Person("LUMB", "Gary", date(1966, 9, 14), "M", "W1", ids.pnc(1987, 5_540), "", "A1907HD", "", "", "", "",
                       Home(("201 Clough Terrace", "Morley", "Leeds"), "LS27 9ZA", "SOUTH", "Morley South"), **cohort(28, "PPO", date(2008, 4, 28))),
        "aidan": Person("O'DOWD", "Aidan", date(1973, 5, 17), "M", "W2", ids.pnc(1995, 88_019), "", "A4471CB", "", "", "", "",
                        Home(("The Lodge; 4 Anvil Fold", "Drighlington", "Bradford"), "BD11 1ZS", "SOUTH", "Morley North")),
        "test": Person("ZZTEST", "Test", date(1990, 1, 1), "M", "NS", "", "", "A0000ZZ", "X999999", "1409999", "0099999", "",
                       Home(("1 Test Street", "Leeds", ""), "LS1 1ZZ")),
    }


def second_cast() -> dict:
    """Those through whom the remaining cells of the agreement have a row: each is known to few, and each for something else."""
    return {
        "nathaniel": Person("PRYCE", "Nathaniel", date(1978, 5, 23), "M", "B1", ids.pnc(1997, 140_226), "", "A8810HB", "X177302", "", "", "",
                            Home(("77 Fellmonger Row", "Holbeck", "Leeds"), "LS11 9ZB", "SOUTH", "Beeston & Holbeck"), **cohort(29, "PPO", date(2008, 9, 1))),
        "naomi": Person("STOCKDALE", "Naomi Ruth", date(1983, 7, 19), "F", "W1", ids.pnc(2002, 88_417), "", "", "X206615", "1405633", "", "",
                        Home(("19 Teasel Mount", "Armley", "Leeds"), "LS12 2ZA", "WEST", "Armley"), **cohort(30, "IOM", date(2008, 7, 7))),
        "terrence": Person("GADSBY", "Terrence", date(1971, 2, 26), "M", "W1", ids.pnc(1990, 51_733), "", "A2094EG", "X149904", "", "", "",
                           Home(("8 Cropper Fold", "Belle Isle", "Leeds"), "LS10 3ZH", "SOUTH", "Middleton Park"), **cohort(31, "PPO", date(2008, 5, 12))),
        "stefan": Person("VARGA", "Stefan", date(1987, 12, 4), "M", "W9", ids.pnc(2006, 219_008), "", "A6155KD", "X213008", "1405640", "", "",
                         Home(("34 Larkrise Avenue", "Pudsey", "Leeds"), "LS28 7ZP", "WEST", "Pudsey"), **cohort(32, "IOM", date(2008, 6, 16))),
        "bernadette": Person("QUARTEY", "Bernadette", date(1976, 10, 13), "F", "B2", ids.pnc(2005, 160_340), "", "", "X201176", "", "0062207", "",
                             Home(("3 Mistal Grove", "Bramley", "Leeds"), "LS13 3ZN", "WEST", "Bramley & Stanningley"), **cohort(33, "IOM", date(2008, 9, 22))),
        "ellis": Person("RENSHAW", "Ellis", date(1990, 9, 30), "M", "M1", ids.pnc(2006, 402_115), "", "", "X219950", "", "", "",
                        Home(("25 Spindle Close", "Seacroft", "Leeds"), "LS14 6ZL", "EAST", "Killingbeck & Seacroft"), **cohort(34, "DYO", date(2008, 3, 3))),
        "kyle": Person("ATTERWITH", "Kyle", date(1991, 8, 3), "M", "W1", ids.pnc(2007, 318_552), "", "A9244EK", "", "1405655", "0063310", "",
                       Home(("60 Alder Place", "Middleton", "Leeds"), "LS10 4ZD", "SOUTH", "Middleton Park"), **cohort(35, "DYO", date(2008, 8, 18))),
    }
