//! The words of the opt-out in each language of the program.

use crate::names::Language;

/// Everything the opt-out says.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Words {
    pub title: &'static str,
    pub counted: &'static str,
    pub not_counted: &'static str,
    pub leave: &'static str,
    pub come_back: &'static str,
    pub no_cookies: &'static str,
    pub browser_asks: &'static str,
}

pub fn words(language: Language) -> &'static Words {
    match language {
        Language::English => &ENGLISH,
        Language::German => &GERMAN,
        Language::French => &FRENCH,
        Language::Swahili => &SWAHILI,
    }
}

const ENGLISH: Words = Words {
    title: "Your choice about visit statistics",
    counted: "Your visits to this website are counted, so that its owner learns which pages help people. You can switch \
              that off; a cookie in this browser keeps your choice.",
    not_counted: "Your visits are not counted in this browser. If you delete its cookies or use another browser, you have to \
                  choose again.",
    leave: "Do not count my visits",
    come_back: "Count my visits again",
    no_cookies: "Your choice could not be kept, because this browser blocks cookies here.",
    browser_asks: "Your browser asks websites not to track you, so your visits are not counted.",
};

const GERMAN: Words = Words {
    title: "Ihre Entscheidung zur Besuchsstatistik",
    counted: "Ihre Besuche auf dieser Website werden gezählt, damit ihr Betreiber erfährt, welche Seiten helfen. Sie können \
              das abschalten; ein Cookie in diesem Browser merkt sich Ihre Entscheidung.",
    not_counted: "Ihre Besuche werden in diesem Browser nicht gezählt. Wenn Sie seine Cookies löschen oder einen anderen \
                  Browser verwenden, müssen Sie sich erneut entscheiden.",
    leave: "Meine Besuche nicht zählen",
    come_back: "Meine Besuche wieder zählen",
    no_cookies: "Ihre Entscheidung konnte nicht gespeichert werden, weil dieser Browser hier Cookies sperrt.",
    browser_asks: "Ihr Browser bittet Websites, Sie nicht zu verfolgen; Ihre Besuche werden deshalb nicht gezählt.",
};

const FRENCH: Words = Words {
    title: "Votre choix sur les statistiques de visite",
    counted: "Vos visites sur ce site sont comptées, afin que son propriétaire sache quelles pages sont utiles. Vous pouvez \
              désactiver ce comptage ; un cookie dans ce navigateur retient votre choix.",
    not_counted: "Vos visites ne sont pas comptées dans ce navigateur. Si vous supprimez ses cookies ou changez de \
                  navigateur, vous devrez choisir de nouveau.",
    leave: "Ne pas compter mes visites",
    come_back: "Compter de nouveau mes visites",
    no_cookies: "Votre choix n’a pas pu être retenu, car ce navigateur bloque les cookies ici.",
    browser_asks: "Votre navigateur demande aux sites de ne pas vous suivre ; vos visites ne sont donc pas comptées.",
};

const SWAHILI: Words = Words {
    title: "Chaguo lako kuhusu takwimu za ziara",
    counted: "Ziara zako kwenye tovuti hii zinahesabiwa, ili mmiliki wake ajue kurasa zipi zinasaidia. Unaweza kuzima hilo; \
              kuki katika kivinjari hiki hukumbuka chaguo lako.",
    not_counted: "Ziara zako hazihesabiwi katika kivinjari hiki. Ukifuta kuki zake au ukitumia kivinjari kingine, \
                  utahitaji kuchagua tena.",
    leave: "Usihesabu ziara zangu",
    come_back: "Hesabu ziara zangu tena",
    no_cookies: "Chaguo lako halikuweza kuhifadhiwa, kwa sababu kivinjari hiki kinazuia kuki hapa.",
    browser_asks: "Kivinjari chako kinaomba tovuti zisikufuatilie, kwa hiyo ziara zako hazihesabiwi.",
};
