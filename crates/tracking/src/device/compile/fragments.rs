//! Fixed expressions of the detection itself, beside the rules of the data package: hints in a
//! user agent that give the kind of device or the processor away.

/// A fixed expression, by its place in [`FRAGMENTS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fragment {
    DesktopSystem,
    NotDesktop,
    FrozenAndroid,
    HbbTv,
    ShellTv,
    FacebookMessenger,
    AndroidTablet,
    EndsInTablet,
    AndroidMobile,
    EndsInMobile,
    VirtualReality,
    DesktopWord,
    Chrome,
    Mobile,
    PadTablet,
    OperaTablet,
    Touch,
    PuffinDesktop,
    PuffinPhone,
    PuffinTablet,
    OperaTv,
    AndroidTv,
    TizenTv,
    TvWord,
    ProcessorArm,
    ProcessorArmInWord,
    ProcessorLoong,
    ProcessorMips,
    ProcessorSuperH,
    ProcessorSparc,
    ProcessorX64,
    ProcessorX64InWord,
    ProcessorX86,
    ProcessorX86InWord,
    GeckoVersion,
    ChromeSafari,
}

/// All fixed expressions, in the order of [`Fragment`].
pub const FRAGMENTS: [(Fragment, &str); 36] = [
    (
        Fragment::DesktopSystem,
        "(?:Windows (?:NT|IoT)|X11; Linux x86_64)",
    ),
    (
        Fragment::NotDesktop,
        "CE-HTML| Mozilla/|Andr[o0]id|Tablet|Mobile|iPhone|Windows Phone|ricoh|OculusBrowser\
         |PicoBrowser|Lenovo|compatible; MSIE|Trident/|Tesla/|XBOX|FBMD/|ARM; ?(?:[^)]+)|Steam",
    ),
    (
        Fragment::FrozenAndroid,
        "Android (?:1[0-7][.\\d]*; K(?: Build/|[;)])|1[0-7]\\)) AppleWebKit",
    ),
    (Fragment::HbbTv, "(?:HbbTV|SmartTvA)/[1-9](?:\\.[0-9]){1,2}"),
    (
        Fragment::ShellTv,
        "[a-z]+[ _]Shell[ _]\\w{6}|tclwebkit\\d+[.\\d]*",
    ),
    (Fragment::FacebookMessenger, "FBMD/"),
    (
        Fragment::AndroidTablet,
        "Android(?: [.0-9]+)?; Tablet;|Tablet(?! PC)",
    ),
    (Fragment::EndsInTablet, "-tablet$"),
    (Fragment::AndroidMobile, "Android(?: [.0-9]+)?; Mobile;"),
    (Fragment::EndsInMobile, "-mobile$"),
    (
        Fragment::VirtualReality,
        "Android(?: [.0-9]+)?; Mobile VR;| VR ",
    ),
    (
        Fragment::DesktopWord,
        "(?:Desktop|PC)(?: (?:x(?:32|64)|WOW64))?;",
    ),
    (Fragment::Chrome, "Chrome/[.0-9]*"),
    (Fragment::Mobile, "(?:Mobile|eliboM)"),
    (Fragment::PadTablet, "Pad/APad"),
    (Fragment::OperaTablet, "Opera Tablet"),
    (Fragment::Touch, "Touch"),
    (Fragment::PuffinDesktop, "Puffin/(?:\\d+[.\\d]+)[LMW]D"),
    (Fragment::PuffinPhone, "Puffin/(?:\\d+[.\\d]+)[AIFLW]P"),
    (Fragment::PuffinTablet, "Puffin/(?:\\d+[.\\d]+)[AILW]T"),
    (Fragment::OperaTv, "Opera TV Store| OMI/"),
    (
        Fragment::AndroidTv,
        "Andr0id|(?:Android(?: UHD)?|Google) TV|\\(lite\\) TV|BRAVIA|Firebolt| TV$",
    ),
    (Fragment::TizenTv, "SmartTV|Tizen.+ TV .+$"),
    (Fragment::TvWord, "\\(TV;"),
    (
        Fragment::ProcessorArm,
        "arm[ _;)ev]|aarch64|Apple ?TV|Watch ?OS|Watch1,[12]",
    ),
    (Fragment::ProcessorArmInWord, "arm(?:$|64)"),
    (Fragment::ProcessorLoong, "loongarch64"),
    (Fragment::ProcessorMips, "mips"),
    (Fragment::ProcessorSuperH, "sh4"),
    (Fragment::ProcessorSparc, "sparc64"),
    (
        Fragment::ProcessorX64,
        "64-?bit|WOW64|(?:Intel)?x64|WINDOWS_64|win64|IRIX;?64",
    ),
    (Fragment::ProcessorX64InWord, "amd64|x86_?64"),
    (Fragment::ProcessorX86, "(?:i[0-9]|x)86|i86pc"),
    (Fragment::ProcessorX86InWord, "32bit|win32"),
    (
        Fragment::GeckoVersion,
        " rv[: ]([0-9.]+).*(?:g|cl)ecko/\\d{8,10}",
    ),
    (Fragment::ChromeSafari, "Chrome/.+ Safari/537\\.36"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_stand_at_their_place() {
        for (place, (fragment, pattern)) in FRAGMENTS.iter().enumerate() {
            assert_eq!(*fragment as usize, place, "{pattern}");
        }
    }
}
