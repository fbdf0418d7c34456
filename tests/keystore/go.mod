module berth/keystore

go 1.25.0

require github.com/pavlo-v-chernykh/keystore-go/v4 v4.4.1
