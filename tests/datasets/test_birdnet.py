"""The files that BirdNET-Analyzer writes for R and for Kaleidoscope."""

import pytest

from soundalike.datasets.source import read_source


@pytest.mark.parametrize(
    "text",
    [
        "filepath,start,end,scientific_name,common_name,confidence,lat\n"
        "/data/x/a.wav,3.0,6.0,Strix aluco,owl,0.9,-1\n",
        "INDIR,FOLDER,IN FILE,OFFSET,DURATION,scientific_name,common_name,confidence,lat\n"
        "/data,x,a.wav,3.0,3.0,Strix aluco,owl,0.9,-1\n",
        "Start (s),End (s),Scientific name,Common name,Confidence,File\n"
        "3.0,6.0,Strix aluco,owl,0.9,/data/x/a.wav\n",
        "Start (s);End (s);Scientific name;Common name;Confidence;File\n"
        "3,0;6,0;Strix aluco;owl;0,9;C:\\x\\a.wav\n",
    ],
    ids=["R", "Kaleidoscope", "combined", "semicolons"],
)
def test_tables_of_several_sounds(tmp_path, text):
    (tmp_path / "a.wav").touch()
    (tmp_path / "results.csv").write_text(text)
    (clip,) = clips = read_source(tmp_path / "results.csv")
    assert (clip.path, clip.label) == (str(tmp_path / "a.wav"), "owl")
    assert (clip.start_s, clip.end_s) == (3.0, 6.0)
    assert "labels are BirdNET's, of any confidence" in clips.notes
