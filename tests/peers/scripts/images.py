"""Names of images, and archives of them."""

from __future__ import annotations

IMAGES = {
    "tag": """
        $CLI tag base $N-one
        $CLI tag base:latest $N-one:two
        $CLI run --rm $N-one echo runs
        $CLI run --rm $N-one:two echo runs
        $CLI tag nosuchimage $N-three
        $CLI tag base UPPER
        $CLI tag base
        $CLI tag words $N-one
        $CLI run --rm $N-one
        """,
    "rmi of a name": """
        $CLI tag base $N-one
        $CLI tag base $N-one:two
        $CLI rmi $N-one
        $CLI inspect $N-one
        $CLI rmi $N-one
        $CLI rmi nosuchimage $N-one:two
        $CLI rmi UPPER
        $CLI rmi
        $CLI run --rm base echo still there
        """,
    "an id of several names": """
        $CLI create --name $N base sh -c 'true'
        $CLI commit $N $N-image > id
        $CLI tag $N-image $N-other
        $CLI rmi $(cat id)
        $CLI rmi $N-image
        $CLI rmi $(cat id) | grep Untagged
        $CLI inspect $N-other
        """,
    "save and load of several": """
        $CLI create --name $N base true
        $CLI commit $N $N-one > /dev/null; $CLI commit -c 'CMD ["x"]' $N $N-two:tagged > /dev/null
        $CLI save $N-one $N-two:tagged > all.tar
        $CLI rmi $N-one $N-two:tagged > /dev/null
        $CLI load < all.tar
        $CLI load -q -i all.tar
        $CLI save nosuchimage
        $CLI load -i nosuchfile
        echo no archive | $CLI load
        $CLI run --rm $N-one echo back again
        """,
}
