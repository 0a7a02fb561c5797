# Sourced by make: lets programs find what setup.sh unpacked where there was no root.
root=.cache/debian/root
if [ -d "$root" ]; then
    root=$(pwd)/$root
    for folder in "$root"/usr/lib/*-linux-gnu "$root"/lib/*-linux-gnu; do
        [ -d "$folder" ] && LD_LIBRARY_PATH="$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
    done
    PATH="$PATH:$root/usr/bin"
    if [ ! -e .cache/fonts.conf ]; then
        {
            echo '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
            echo "<dir>$root/usr/share/fonts</dir><dir>/usr/share/fonts</dir><cachedir>$(pwd)/.cache/fontconfig</cachedir>"
            echo '<include ignore_missing="yes">/etc/fonts/conf.d</include></fontconfig>'
        } > .cache/fonts.conf
    fi
    FONTCONFIG_FILE="$(pwd)/.cache/fonts.conf"
    export LD_LIBRARY_PATH PATH FONTCONFIG_FILE
fi
export PREFECT_SERVER_ANALYTICS_ENABLED=false DO_NOT_TRACK=1 GX_ANALYTICS_ENABLED=false
export PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT=false PREFECT_SERVER_UI_V2_ENABLED=false
